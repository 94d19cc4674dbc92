#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "cli/predict_input.hpp"

namespace nearline::cli {

/// How one observation ended.
struct Outcome {
    Job job{};
    bool ok = false;
    std::string text{};      ///< the prediction's JSON, or why there is none
    std::string accepted{};  ///< JSON with which a prediction that has not come can be had later; empty: none
};

/// Writes predictions as CSV, with a first line of names, or as JSON lines. Values that were carried along
/// stand before the prediction's own.
class PredictOutput {
public:
    enum class Format { csv, jsonl };
    PredictOutput(std::ostream& out, Format format, std::vector<std::string> carry);

    /// A prediction, or, as JSON lines alone, what was accepted in its place; nothing of another failure. Throws
    /// std::runtime_error when it can't be written, as flush() does.
    void write(const Outcome& outcome);
    void flush();
    /// Where no prediction has given the first line of CSV its names yet, writes one with these for the features.
    void head(const std::vector<std::string>& features);

private:
    void write_csv(const Outcome& outcome);
    void write_json(const Outcome& outcome, const std::string& document);
    void write_names(std::vector<std::string> of_prediction);

    std::ostream& out_;
    const Format format_;
    const std::vector<std::string> carry_;
    bool headed_ = false;
};

/// What is wrong with columns to carry along: one that is given twice, or has the name of a member that every
/// prediction, or what was accepted in its place, has itself.
std::vector<std::string> carry_faults(const std::vector<std::string>& carry);

/// What failed, for the end: all are counted, the first 10,000 listed.
class Failures {
public:
    void add(const Outcome& outcome);
    long count() const noexcept { return count_; }
    /// "2 failed:", and each with its line and its reason; nothing where none failed.
    void print(std::ostream& out) const;

private:
    std::vector<std::pair<long, std::string>> listed_;
    long count_ = 0;
};

}  // namespace nearline::cli
