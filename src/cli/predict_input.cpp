#include "cli/predict_input.hpp"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "cli/observation.hpp"

namespace nearline::cli {

namespace {

/// What a first line shows that is separated otherwise; throws std::runtime_error with it.
void check_separator(const std::string& file, const std::vector<std::string>& names) {
    if (names.size() != 1) return;
    for (const auto& [separator, name] : {std::pair{';', "\";\""}, {'\t', "tabs"}, {'|', "\"|\""}}) {
        if (names[0].find(separator) == std::string::npos) continue;
        throw std::runtime_error(file + ": its fields are separated by " + name +
                                 "; what is read here are fields separated by \",\", and numbers with a point (5.2). "
                                 "Export it so");
    }
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

PredictInput::PredictInput(const std::vector<std::string>& observation) {
    Fields fields;
    for (const auto& text : observation) fields.push_back(parse_field(text));
    single_ = Job{.body = observation_json(fields), .texts = describe_texts(fields)};
}

PredictInput::PredictInput(const std::string& file, std::vector<std::string> carry) : carry_(std::move(carry)) {
    if (file != "-") {
        if (std::filesystem::is_directory(file)) throw std::runtime_error(file + ": is a folder");
        file_.open(file, std::ios::binary);
        if (!file_) throw std::runtime_error(file + ": can't be read");
        if (std::filesystem::is_regular_file(file)) size_ = std::filesystem::file_size(file);
    }
    reader_.emplace(file == "-" ? std::cin : file_);
    if (!reader_->next(names_)) throw std::runtime_error(file + ": is empty; its first line must have the names");
    check_separator(file, names_);
    for (const auto& column : carry_) {
        if (!contains(names_, column)) throw std::runtime_error(file + ": has no column \"" + column + "\"");
    }
    for (auto name = names_.begin(); name != names_.end(); ++name) {
        if (std::find(names_.begin(), name, *name) == name) continue;
        throw std::runtime_error(file + ": has two columns \"" + *name + "\"");
    }
}

std::vector<std::string> PredictInput::feature_names() const {
    std::vector<std::string> features;
    std::copy_if(names_.begin(), names_.end(), std::back_inserter(features),
                 [this](const std::string& name) { return !contains(carry_, name); });
    return features;
}

std::optional<Job> PredictInput::next() {
    if (!reader_) return std::exchange(single_, std::nullopt);
    std::vector<std::string> values;
    if (!reader_->next(values)) return std::nullopt;
    return to_job(values, count_++, reader_->line());
}

Job PredictInput::to_job(const std::vector<std::string>& values, long number, long line) const {
    Job job{.number = number, .line = line};
    if (values.size() != names_.size()) {
        job.wrong =
            "has " + std::to_string(values.size()) + " fields, and the first line " + std::to_string(names_.size());
        return job;
    }
    Fields fields;
    for (std::size_t i = 0; i < names_.size(); ++i) {
        if (!contains(carry_, names_[i])) fields.emplace_back(names_[i], values[i]);
    }
    job.texts = describe_texts(fields);
    for (const auto& column : carry_) {
        const auto at = std::find(names_.begin(), names_.end(), column) - names_.begin();
        job.carried.push_back(values[static_cast<std::size_t>(at)]);
    }
    job.body = observation_json(fields);
    return job;
}

}  // namespace nearline::cli
