#pragma once

#include <string>

namespace nearline::cli {

/// One line on standard error that is rewritten; says nothing where standard error is no terminal. Not thread-safe.
class StatusLine {
public:
    StatusLine();
    ~StatusLine() { clear(); }
    StatusLine(const StatusLine&) = delete;
    StatusLine& operator=(const StatusLine&) = delete;

    bool is_shown() const noexcept { return is_shown_; }
    void show(const std::string& text);
    /// Takes the line away, for what is written next.
    void clear();

private:
    const bool is_shown_;
    bool has_text_ = false;
};

}  // namespace nearline::cli
