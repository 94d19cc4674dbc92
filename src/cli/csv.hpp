#pragma once

#include <cstddef>
#include <istream>
#include <string>
#include <vector>

namespace nearline::cli {

/// Reads comma-separated values (RFC 4180): fields in double quotes may hold commas, line ends and
/// doubled quotes; lines end with LF or CRLF; empty lines and a byte order mark are skipped. Beyond it, blanks
/// around a field's quotes are nothing.
class CsvReader {
public:
    explicit CsvReader(std::istream& in) : in_(in) {}

    /// The next record; false at the end. Throws std::runtime_error with the line for a quote that is not
    /// closed, or text behind a closing one.
    bool next(std::vector<std::string>& fields);

    /// The line that the record of the last next() began on, from 1.
    long line() const noexcept { return record_line_; }
    /// Bytes read so far.
    std::size_t bytes() const noexcept { return bytes_; }

private:
    int get();
    std::string skip_blanks();
    std::string quoted_field();
    std::string plain_field(std::string field);

    std::istream& in_;
    long line_ = 1;
    long record_line_ = 0;
    std::size_t bytes_ = 0;
};

/// One line, with its LF; fields are quoted where they must be.
std::string csv_line(const std::vector<std::string>& fields);

}  // namespace nearline::cli
