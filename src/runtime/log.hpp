#pragma once

#include <atomic>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

/// Structured logs, one line a record on standard error: logfmt for people, JSON for collectors.
/// Thread-safe. Values are escaped, so that hostile input can't forge a line.
namespace nearline::log {

enum class Level { debug, info, warning, error };
enum class Format { text, json };

/// Before threads start; defaults: info, text.
void configure(Level level, Format format);

/// One key and its value beside the message.
struct Field {
    std::string_view key;
    std::string value;
    bool is_number = false;  ///< or a truth value: no quotes in JSON

    Field(std::string_view k, std::string_view v) : key(k), value(v) {}
    Field(std::string_view k, const std::string& v) : key(k), value(v) {}
    Field(std::string_view k, const char* v) : key(k), value(v) {}
    template <class T>
    requires std::is_arithmetic_v<T> Field(std::string_view k, T v) : key(k), value(to_text(v)), is_number(true) {}

private:
    template <class T>
    static std::string to_text(T v) {
        if constexpr (std::is_same_v<T, bool>) return v ? "true" : "false";
        return std::to_string(v);
    }
};

void write(Level level, std::string_view message, std::initializer_list<Field> fields = {});

/// log::info("listening", {{"service", "gateway"}, {"port", 1958}});
inline void debug(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::debug, message, fields);
}
inline void info(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::info, message, fields);
}
inline void warning(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::warning, message, fields);
}
inline void error(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::error, message, fields);
}

/// Lets one message through every so often, for what could repeat thousands of times a second.
class Throttle {
public:
    explicit Throttle(double seconds) noexcept : seconds_(seconds) {}
    /// Whether it is time to say it again; counts what was held back, which `held` receives. Thread-safe.
    bool pass(long& held) noexcept;

private:
    double seconds_;
    std::atomic<long long> next_{0};  // nanoseconds of the steady clock at the next pass
    std::atomic<long> held_{0};
};

}  // namespace nearline::log
