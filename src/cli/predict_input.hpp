#pragma once

#include <fstream>
#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "cli/csv.hpp"

namespace nearline::cli {

/// One observation to predict.
struct Job {
    long number = 0;  ///< in the order of the input, from 0
    long line = 0;    ///< of the file, from 1; 0: it came from no file
    std::string body{};
    std::vector<std::string> carried{};  ///< values of the columns that are not sent
    std::string wrong{};                 ///< why it can't be sent at all; empty: it can
    std::string texts{};                 ///< describe_texts() of what is sent
};

/// Where observations come from. For one thread at a time.
class PredictInput {
public:
    /// One observation, of "name=value". Throws std::runtime_error for what is not.
    explicit PredictInput(const std::vector<std::string>& observation);
    /// The CSV in a file ("-": standard input), whose first line has the names. The columns in `carry` are
    /// no features. Throws std::runtime_error when it can't be read, has no such column, or two of one name.
    PredictInput(const std::string& file, std::vector<std::string> carry);

    PredictInput(const PredictInput&) = delete;
    PredictInput& operator=(const PredictInput&) = delete;

    /// Throws std::runtime_error, with the line, where the file is no CSV any more.
    std::optional<Job> next();

    /// The names that the first line has for features; none where there is no file.
    std::vector<std::string> feature_names() const;

    /// Of the file, in bytes; 0: unknown.
    std::size_t size() const noexcept { return size_; }
    std::size_t bytes_read() const noexcept { return reader_ ? reader_->bytes() : 0; }

private:
    Job to_job(const std::vector<std::string>& values, long number, long line) const;

    std::optional<Job> single_;
    std::ifstream file_;
    std::optional<CsvReader> reader_;
    std::vector<std::string> names_;
    std::vector<std::string> carry_;
    std::size_t size_ = 0;
    long count_ = 0;
};

}  // namespace nearline::cli
