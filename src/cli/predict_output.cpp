#include "cli/predict_output.hpp"

#include <algorithm>
#include <boost/json/value.hpp>
#include <stdexcept>

#include "cli/csv.hpp"
#include "cli/json_text.hpp"
#include "cli/terminal.hpp"
#include "domain/json.hpp"
#include "domain/prediction.hpp"

namespace nearline::cli {

namespace {

/// What a prediction has beside its features.
std::vector<std::string> names_beside_features() {
    const auto document = parse_json(to_json(Prediction{}));
    std::vector<std::string> names;
    for (const auto& member : document->get_object()) names.emplace_back(member.key());
    return names;
}

}  // namespace

std::vector<std::string> carry_faults(const std::vector<std::string>& carry) {
    auto taken = names_beside_features();
    for (const auto* name : {"request_id", "location"}) taken.emplace_back(name);
    std::vector<std::string> faults;
    for (auto one = carry.begin(); one != carry.end(); ++one) {
        if (std::find(taken.begin(), taken.end(), *one) != taken.end()) {
            faults.push_back("--carry: the answer has a field \"" + *one + "\" of its own; rename the column");
        }
        if (std::find(carry.begin(), one, *one) != one) faults.push_back("--carry: names \"" + *one + "\" twice");
    }
    return faults;
}

PredictOutput::PredictOutput(std::ostream& out, Format format, std::vector<std::string> carry)
    : out_(out), format_(format), carry_(std::move(carry)) {}

void PredictOutput::write(const Outcome& outcome) {
    const auto& document = outcome.ok ? outcome.text : outcome.accepted;
    if (format_ == Format::jsonl && !document.empty()) write_json(outcome, document);
    if (format_ == Format::csv && outcome.ok) write_csv(outcome);
    if (!out_) throw std::runtime_error("can't write the output");
}

void PredictOutput::flush() {
    out_.flush();
    if (!out_) throw std::runtime_error("can't write the output");
}

void PredictOutput::head(const std::vector<std::string>& features) {
    if (format_ != Format::csv || headed_) return;
    auto names = features;
    for (auto& name : names_beside_features()) names.push_back(std::move(name));
    write_names(std::move(names));
}

void PredictOutput::write_names(std::vector<std::string> of_prediction) {
    of_prediction.insert(of_prediction.begin(), carry_.begin(), carry_.end());
    out_ << csv_line(of_prediction);
    headed_ = true;
}

void PredictOutput::write_csv(const Outcome& outcome) {
    const auto document = parse_json(outcome.text);
    const auto& prediction = document->get_object();
    if (!headed_) {
        std::vector<std::string> names;
        for (const auto& member : prediction) names.emplace_back(member.key());
        write_names(std::move(names));
    }
    auto cells = outcome.job.carried;
    for (const auto& member : prediction) cells.push_back(to_cell(member.value()));
    out_ << csv_line(cells);
}

void PredictOutput::write_json(const Outcome& outcome, const std::string& document) {
    out_ << '{';
    for (std::size_t i = 0; i < carry_.size(); ++i) {
        out_ << quote_json(carry_[i]) << ':' << quote_json(outcome.job.carried[i]) << ',';
    }
    out_ << document.substr(document.find('{') + 1) << '\n';
}

void Failures::add(const Outcome& outcome) {
    constexpr std::size_t most_listed = 10'000;
    ++count_;
    if (listed_.size() < most_listed) listed_.emplace_back(outcome.job.line, outcome.text);
}

void Failures::print(std::ostream& out) const {
    if (count_ == 0) return;
    out << count_ << " failed:\n";
    for (const auto& [line, reason] : listed_) {
        out << "  " << (line > 0 ? "line " + std::to_string(line) + ": " : "") << printable(reason) << '\n';
    }
    const long unlisted = count_ - static_cast<long>(listed_.size());
    if (unlisted > 0) out << "  and " << unlisted << " more\n";
}

}  // namespace nearline::cli
