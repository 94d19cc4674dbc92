#include "notification/templates.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "notification/mime_text.hpp"

// Made by nearline_text_constant (cmake/Rooms.cmake).
namespace nearline::embedded_text {
extern const std::string_view mail_subject;
extern const std::string_view mail_text;
extern const std::string_view mail_html;
extern const std::string_view mail_digest_subject;
extern const std::string_view mail_digest_text;
extern const std::string_view mail_digest_html;
}  // namespace nearline::embedded_text

namespace nearline::notification {
namespace {

namespace fs = std::filesystem;

const std::set<std::string> single_subject_places{"prediction", "model_type", "created_at", "request_id"};
const std::set<std::string> single_places{"address",    "created_at", "features",  "model_id",
                                          "model_type", "prediction", "request_id"};
const std::set<std::string> digest_subject_places{"count", "first_created_at", "how_many", "last_created_at", "when"};
const std::set<std::string> digest_places{"address",     "count", "first_created_at", "how_many", "last_created_at",
                                          "predictions", "when"};

struct Kind {
    std::string file;
    std::string_view built_in;
    const std::set<std::string>& places;
};

std::vector<Kind> kinds() {
    using namespace embedded_text;
    return {{"subject.txt", mail_subject, single_subject_places},
            {"text.txt", mail_text, single_places},
            {"html.html", mail_html, single_places},
            {"digest-subject.txt", mail_digest_subject, digest_subject_places},
            {"digest-text.txt", mail_digest_text, digest_places},
            {"digest-html.html", mail_digest_html, digest_places}};
}

/// A misspelt name would leave a template unused without a word.
void refuse_strangers(const fs::path& folder) {
    std::error_code error;
    const fs::directory_iterator files(folder, error);
    if (error) throw BadTemplate(folder.string() + ": " + error.message());
    const auto known = kinds();
    for (const auto& file : files) {
        const auto extension = file.path().extension();
        if (extension != ".txt" && extension != ".html") continue;
        const std::string name = file.path().filename().string();
        if (std::any_of(known.begin(), known.end(), [&](const Kind& kind) { return kind.file == name; })) continue;
        std::string all;
        for (const Kind& kind : known) all += (all.empty() ? "" : ", ") + kind.file;
        throw BadTemplate(file.path().string() + ": is the name of no template; there are " + all);
    }
}

bool is_space(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

TextTemplate load(const std::optional<std::string>& folder, const Kind& kind) {
    if (folder) {
        const fs::path path = fs::path(*folder) / kind.file;
        if (std::ifstream file(path, std::ios::binary); file) {
            const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
            if (std::all_of(text.begin(), text.end(), is_space)) throw BadTemplate(path.string() + ": is empty");
            if (valid_utf8(text) != text) throw BadTemplate(path.string() + ": is no UTF-8");
            return {path.string(), text, kind.places};
        }
        std::error_code error;
        if (fs::exists(path, error)) throw BadTemplate(path.string() + ": can't be read");
    }
    return {"built-in " + kind.file, kind.built_in, kind.places};
}

/// What a model says is short; an outside producer's record can say more than a mail should carry.
constexpr std::size_t longest_value = 2'000;
constexpr std::size_t longest_in_list = 200;

std::string bounded(const std::string& value, std::size_t most, const Uuid& id) {
    if (value.size() <= most) return value;
    return shortened_text(value, most) + " (cut from " + std::to_string(value.size()) + " bytes; GET /predictions/" +
           id.to_string() + " has all)";
}

std::string without_line_end(std::string text) {
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
    return text;
}

/// "sepal_length 5.1, sepal_width 3.5"
std::string one_line_of(const Features& features) {
    std::string text;
    for (const auto& [name, value] : features) {
        text += (text.empty() ? "" : ", ") + name + ' ' + (value ? number_to_json(*value) : "-");
    }
    return text;
}

std::string text_lines(const Features& features) {
    std::size_t width = 0;
    for (const auto& feature : features) width = std::max(width, feature.name.size());
    std::string text;
    for (const auto& [name, value] : features) {
        text += (text.empty() ? "  " : "\n  ") + name + std::string(width - name.size() + 2, ' ') +
                (value ? number_to_json(*value) : "-");
    }
    return text;
}

std::string html_cell(const std::string& text) {
    return "<td style=\"padding:2px 12px 2px 0\">" + escape_html(text) + "</td>";
}

std::string html_rows(const Features& features) {
    std::string html;
    for (const auto& [name, value] : features) {
        html += "<tr>" + html_cell(name) + html_cell(value ? number_to_json(*value) : "-") + "</tr>\n";
    }
    return html;
}

std::string listed(const Uuid& id, const Prediction& prediction) {
    return bounded(prediction.prediction.value_or("-"), longest_in_list, id);
}

std::string text_lines(const std::vector<MailedPrediction>& predictions) {
    std::string text;
    for (const auto& [id, prediction] : predictions) {
        text += (text.empty() ? "  " : "\n  ") + prediction.created_at + "  " + listed(id, prediction) + "  (" +
                one_line_of(prediction.features) + ")";
    }
    return text;
}

std::string html_rows(const std::vector<MailedPrediction>& predictions) {
    std::string html;
    for (const auto& [id, prediction] : predictions) {
        html += "<tr>" + html_cell(prediction.created_at) + html_cell(listed(id, prediction)) +
                html_cell(one_line_of(prediction.features)) + "</tr>\n";
    }
    return html;
}

std::string how_many(std::size_t predictions) {
    return std::to_string(predictions) + (predictions == 1 ? " prediction" : " predictions");
}

}  // namespace

Templates::Templates(const std::optional<std::string>& folder, const std::optional<std::string>& subject) {
    if (folder) refuse_strangers(*folder);
    const auto all = kinds();
    single_ = {load(folder, all[0]), load(folder, all[1]), load(folder, all[2])};
    digest_ = {load(folder, all[3]), load(folder, all[4]), load(folder, all[5])};
    if (subject) single_.subject = {"--mail-subject", *subject, single_subject_places};
}

Letter Templates::single(const MailedPrediction& mailed, const std::string& address) const {
    const auto& [id, prediction] = mailed;
    std::map<std::string, std::string> values{{"address", address},
                                              {"created_at", prediction.created_at},
                                              {"model_id", prediction.model_id},
                                              {"model_type", prediction.model_type},
                                              {"prediction", prediction.prediction.value_or("-")},
                                              {"request_id", id.to_string()}};
    for (auto& [name, value] : values) value = bounded(value, longest_value, id);
    auto html_values = values;
    for (auto& [name, value] : html_values) value = escape_html(value);
    values["features"] = text_lines(prediction.features);
    html_values["features"] = html_rows(prediction.features);
    return {without_line_end(single_.subject.fill(values)), single_.text.fill(values), single_.html.fill(html_values)};
}

Letter Templates::digest(const std::vector<MailedPrediction>& predictions, const std::string& address) const {
    const auto [first, last] = std::minmax_element(
        predictions.begin(), predictions.end(),
        [](const auto& one, const auto& other) { return one.prediction.created_at < other.prediction.created_at; });
    const std::string& from = first->prediction.created_at;
    const std::string& to = last->prediction.created_at;
    std::map<std::string, std::string> values{
        {"address", address},
        {"count", std::to_string(predictions.size())},
        {"first_created_at", from},
        {"how_many", how_many(predictions.size())},
        {"last_created_at", to},
        {"when", from == to ? "at " + from + " UTC" : "from " + from + " to " + to + " UTC"}};
    auto html_values = values;
    for (auto& [name, value] : html_values) value = escape_html(value);
    values["predictions"] = text_lines(predictions);
    html_values["predictions"] = html_rows(predictions);
    return {without_line_end(digest_.subject.fill(values)), digest_.text.fill(values), digest_.html.fill(html_values)};
}

}  // namespace nearline::notification
