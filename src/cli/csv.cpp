#include "cli/csv.hpp"

#include <stdexcept>
#include <utility>

namespace nearline::cli {

namespace {

constexpr int end_of_file = std::char_traits<char>::eof();

}  // namespace

int CsvReader::get() {
    const int c = in_.get();
    if (c != end_of_file) ++bytes_;
    if (c == '\n') ++line_;
    return c;
}

bool CsvReader::next(std::vector<std::string>& fields) {
    fields.clear();
    if (bytes_ == 0 && in_.peek() == 0xef) {  // a byte order mark: ef bb bf
        for (int i = 0; i < 3; ++i) get();
    }
    while (in_.peek() == '\n' || in_.peek() == '\r') get();
    record_line_ = line_;
    if (in_.peek() == end_of_file) return false;
    for (;;) {
        auto blanks = skip_blanks();
        fields.push_back(in_.peek() == '"' ? quoted_field() : plain_field(std::move(blanks)));
        const int c = get();
        if (c == ',') continue;
        if (c == '\r' && in_.peek() == '\n') get();
        return true;
    }
}

std::string CsvReader::skip_blanks() {
    std::string blanks;
    while (in_.peek() == ' ' || in_.peek() == '\t') blanks += static_cast<char>(get());
    return blanks;
}

/// `field`: what was read of it.
std::string CsvReader::plain_field(std::string field) {
    for (int c = in_.peek(); c != end_of_file && c != ',' && c != '\n' && c != '\r'; c = in_.peek()) {
        field += static_cast<char>(get());
    }
    return field;
}

std::string CsvReader::quoted_field() {
    const auto wrong = [this](const std::string& what) {
        return std::runtime_error("line " + std::to_string(record_line_) + ": " + what);
    };
    std::string field;
    get();
    for (int c = get();; c = get()) {
        if (c == end_of_file) throw wrong("a field's double quote is not closed");
        if (c == '"') {
            if (in_.peek() != '"') break;
            get();
        }
        field += static_cast<char>(c);
    }
    skip_blanks();
    const int after = in_.peek();
    if (after != ',' && after != '\n' && after != '\r' && after != end_of_file) {
        throw wrong("text stands behind a field's closing double quote");
    }
    return field;
}

std::string csv_line(const std::vector<std::string>& fields) {
    std::string line;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        if (i > 0) line += ',';
        if (fields[i].find_first_of(",\"\r\n") == std::string::npos) {
            line += fields[i];
            continue;
        }
        line += '"';
        for (const char c : fields[i]) line += c == '"' ? std::string("\"\"") : std::string(1, c);
        line += '"';
    }
    return line + '\n';
}

}  // namespace nearline::cli
