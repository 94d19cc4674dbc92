#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "stream/kafka/client.hpp"
#include "stream/stream.hpp"

// Java's format (java.util.Properties.load), which Kafka's tools read. The file is UTF-8, though, as people
// write it, and not Latin-1.
namespace nearline::stream {
namespace {

constexpr std::string_view blank = " \t\f\r";

class PropertiesFile {
public:
    using Property = std::pair<std::string, std::string>;

    explicit PropertiesFile(const std::string& path) : file_(path) {
        if (!file_) throw std::invalid_argument(path + ": can't be read");
    }

    /// Hands on each property, and what is wrong in each line that is none or that throws std::invalid_argument.
    void read(const std::function<void(Property)>& take, const std::function<void(std::string)>& refuse) {
        std::string line;
        while (next_logical_line(line)) {
            try {
                auto property = split(line);
                if (property.first.empty()) fail("a value without a key");
                take(std::move(property));
            } catch (const std::invalid_argument& error) {
                refuse("line " + std::to_string(number_) + ": " + error.what());
            }
        }
    }

private:
    [[noreturn]] static void fail(const std::string& why) { throw std::invalid_argument(why); }

    bool next_line(std::string& line) {
        if (!std::getline(file_, line)) return false;
        ++number_;
        while (!line.empty() && line.back() == '\r') line.pop_back();
        line.erase(0, std::min(line.find_first_not_of(blank), line.size()));
        return true;
    }

    /// Without comments and empty lines; one that ends in a lone backslash goes on on the next.
    bool next_logical_line(std::string& line) {
        do {
            if (!next_line(line)) return false;
        } while (line.empty() || line[0] == '#' || line[0] == '!');
        while (goes_on(line)) {
            line.pop_back();
            std::string more;
            if (!next_line(more)) break;
            line += more;
        }
        return true;
    }

    static bool goes_on(const std::string& line) {
        const auto last = line.find_last_not_of('\\');
        const auto backslashes = line.size() - (last == std::string::npos ? 0 : last + 1);
        return backslashes % 2 == 1;
    }

    /// The key ends at the first = or : or blank that has no backslash before it.
    static Property split(const std::string& line) {
        std::size_t end = 0;
        while (end < line.size() && line[end] != '=' && line[end] != ':' && blank.find(line[end]) == blank.npos) {
            end += line[end] == '\\' ? 2 : 1;
        }
        end = std::min(end, line.size());
        auto start = std::min(line.find_first_not_of(blank, end), line.size());
        if (start < line.size() && (line[start] == '=' || line[start] == ':')) {
            start = std::min(line.find_first_not_of(blank, start + 1), line.size());
        } else if (start == line.size()) {
            fail("'" + line + "' is not key=value");
        }
        // Java keeps blanks at the end of a value, where nobody ever meant them.
        auto value = line.substr(start);
        value.erase(value.find_last_not_of(blank) + 1);
        return {unescape(line.substr(0, end)), unescape(value)};
    }

    static std::string unescape(std::string_view text) {
        std::string plain;
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] != '\\' || i + 1 == text.size()) {
                plain += text[i];
                continue;
            }
            switch (const char c = text[++i]) {
                case 't':
                    plain += '\t';
                    break;
                case 'n':
                    plain += '\n';
                    break;
                case 'r':
                    plain += '\r';
                    break;
                case 'f':
                    plain += '\f';
                    break;
                case 'u':
                    plain += unicode(text, i);
                    break;
                default:
                    plain += c;
            }
        }
        return plain;
    }

    /// \uXXXX with text[i] at the u, in UTF-8; moves i to its end. Passwords need no more than this plane.
    static std::string unicode(std::string_view text, std::size_t& i) {
        const std::string digits(text.substr(i + 1, 4));
        if (digits.size() != 4 || digits.find_first_not_of("0123456789abcdefABCDEF") != digits.npos) {
            fail("\\u needs four hexadecimal digits");
        }
        i += 4;
        const auto code = static_cast<unsigned>(std::stoul(digits, nullptr, 16));
        if (code >= 0xD800 && code <= 0xDFFF) fail("\\u" + digits + " is half a character; write it in UTF-8");
        std::string utf8;
        if (code < 0x80) {
            utf8 += static_cast<char>(code);
        } else if (code < 0x800) {
            utf8 += static_cast<char>(0xC0 | code >> 6);
            utf8 += static_cast<char>(0x80 | (code & 0x3F));
        } else {
            utf8 += static_cast<char>(0xE0 | code >> 12);
            utf8 += static_cast<char>(0x80 | (code >> 6 & 0x3F));
            utf8 += static_cast<char>(0x80 | (code & 0x3F));
        }
        return utf8;
    }

    std::ifstream file_;
    int number_ = 0;
};

}  // namespace

std::map<std::string, std::string> read_properties(const std::string& path) {
    std::map<std::string, std::string> properties;
    std::string wrong;
    PropertiesFile(path).read(
        [&](auto property) { properties[std::move(property.first)] = std::move(property.second); },
        [&](const auto& why) { wrong += (wrong.empty() ? "" : "; ") + why; });
    if (!wrong.empty()) throw std::invalid_argument(path + ", " + wrong);
    return properties;
}

std::vector<std::string> check_properties(const std::string& path) {
    std::vector<std::string> wrong;
    const auto check = [](const auto& property) {
        const auto why = kafka::wrong_with_property(property.first, property.second);
        if (!why.empty()) throw std::invalid_argument(why);
    };
    try {
        PropertiesFile(path).read(check, [&](auto why) { wrong.push_back(std::move(why)); });
    } catch (const std::invalid_argument& error) {
        wrong.emplace_back("can't be read");
    }
    return wrong;
}

}  // namespace nearline::stream
