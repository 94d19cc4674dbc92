#include "runtime/log.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace nearline::log {

namespace {

std::atomic<Format> format_now{Format::text};

// Lines are made here, whole; spdlog filters by level and keeps lines of many threads apart.
spdlog::logger& logger() {
    // Never freed: threads that outlive main's end may still log.
    static auto* const instance = [] {
        auto* made = new spdlog::logger("nearline", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        made->set_pattern("%v");
        made->set_level(spdlog::level::info);
        made->flush_on(spdlog::level::debug);
        return made;
    }();
    return *instance;
}

spdlog::level::level_enum to_spdlog(Level level) noexcept {
    switch (level) {
        case Level::debug:
            return spdlog::level::debug;
        case Level::info:
            return spdlog::level::info;
        case Level::warning:
            return spdlog::level::warn;
        case Level::error:
            return spdlog::level::err;
    }
    return spdlog::level::err;
}

std::string_view to_text(Level level) noexcept {
    switch (level) {
        case Level::debug:
            return "debug";
        case Level::info:
            return "info";
        case Level::warning:
            return "warning";
        case Level::error:
            return "error";
    }
    return "error";
}

std::string timestamp() {
    using namespace std::chrono;
    const auto now = system_clock::now();
    const auto milliseconds_part = duration_cast<milliseconds>(now.time_since_epoch()).count() % 1000;
    const std::time_t seconds_part = system_clock::to_time_t(now);
    std::tm parts{};
    gmtime_r(&seconds_part, &parts);
    std::array<char, 80> text{};
    const int length = std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                                     parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                                     parts.tm_sec, static_cast<int>(milliseconds_part));
    return {text.data(), static_cast<std::size_t>(length)};
}

// A number that is none in JSON (nan, inf) is written as text.
bool is_json_number(std::string_view text) noexcept {
    return text == "true" || text == "false" || text.find_first_not_of("-.0123456789") == std::string_view::npos;
}

// Bytes of the well-formed UTF-8 sequence at the start of `text`; 0 where there is none.
std::size_t utf8_length(std::string_view text) noexcept {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const auto tail = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
    const unsigned c = byte(0);
    if (c < 0x80) return 1;
    if (c >= 0xc2 && c <= 0xdf && tail(1)) return 2;
    if (c >= 0xe0 && c <= 0xef && tail(1) && tail(2)) {
        const bool overlong = c == 0xe0 && byte(1) < 0xa0;
        const bool surrogate = c == 0xed && byte(1) >= 0xa0;
        return overlong || surrogate ? 0 : 3;
    }
    if (c >= 0xf0 && c <= 0xf4 && tail(1) && tail(2) && tail(3)) {
        const bool overlong = c == 0xf0 && byte(1) < 0x90;
        const bool too_large = c == 0xf4 && byte(1) >= 0x90;
        return overlong || too_large ? 0 : 4;
    }
    return 0;
}

void append_escape(std::string& line, unsigned code) {
    std::array<char, 8> text{};
    std::snprintf(text.data(), text.size(), "\\u%04x", code & 0xffffU);
    line += text.data();
}

// A JSON string that can neither end the line nor steer a terminal: control characters, C1 ones and
// DEL too, are escaped, and bytes that are not UTF-8 become the replacement character.
void append_quoted(std::string& line, std::string_view text) {
    line += '"';
    while (!text.empty()) {
        const auto c = static_cast<unsigned char>(text[0]);
        const std::size_t length = utf8_length(text);
        const bool c1_control = length == 2 && c == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0;
        if (c == '"' || c == '\\') {
            line += '\\';
            line += text[0];
        } else if (c == '\n') {
            line += "\\n";
        } else if (length == 0) {
            append_escape(line, 0xfffd);
        } else if (c < ' ' || c == 0x7f) {
            append_escape(line, c);
        } else if (c1_control) {
            append_escape(line, static_cast<unsigned char>(text[1]));
        } else {
            line += text.substr(0, length);
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
    line += '"';
}

bool needs_quotes(std::string_view text) noexcept {
    if (text.empty()) return true;
    for (const unsigned char c : text) {
        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c >= 0x7f) return true;
    }
    return false;
}

void append_logfmt_value(std::string& line, std::string_view text) {
    if (needs_quotes(text)) {
        append_quoted(line, text);
    } else {
        line += text;
    }
}

std::string text_line(Level level, std::string_view message, std::initializer_list<Field> fields) {
    std::string line = "time=" + timestamp() + " level=";
    line += to_text(level);
    line += " msg=";
    append_quoted(line, message);
    for (const auto& field : fields) {
        line += ' ';
        line += field.key;
        line += '=';
        append_logfmt_value(line, field.value);
    }
    return line;
}

std::string json_line(Level level, std::string_view message, std::initializer_list<Field> fields) {
    std::string line = R"({"time":")" + timestamp() + R"(","level":")";
    line += to_text(level);
    line += R"(","msg":)";
    append_quoted(line, message);
    for (const auto& field : fields) {
        line += ',';
        append_quoted(line, field.key);
        line += ':';
        if (field.is_number && is_json_number(field.value)) {
            line += field.value;
        } else {
            append_quoted(line, field.value);
        }
    }
    return line + '}';
}

}  // namespace

void configure(Level level, Format format) {
    logger().set_level(to_spdlog(level));
    format_now = format;
}

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
    const auto spdlog_level = to_spdlog(level);
    if (!logger().should_log(spdlog_level)) return;
    const std::string line =
        format_now == Format::json ? json_line(level, message, fields) : text_line(level, message, fields);
    logger().log(spdlog_level, spdlog::string_view_t(line.data(), line.size()));
}

bool Throttle::pass(long& held) noexcept {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    const long long now_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
    long long next = next_.load(std::memory_order_relaxed);
    if (now_ns < next || !next_.compare_exchange_strong(next, now_ns + static_cast<long long>(seconds_ * 1e9),
                                                        std::memory_order_relaxed)) {
        held_.fetch_add(1, std::memory_order_relaxed);
        return false;
    }
    held = held_.exchange(0, std::memory_order_relaxed);
    return true;
}

}  // namespace nearline::log
