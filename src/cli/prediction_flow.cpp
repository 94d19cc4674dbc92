#include "cli/prediction_flow.hpp"

#include <boost/json/value.hpp>

#include "domain/json.hpp"
#include "domain/whole_number.hpp"

namespace nearline::cli {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds poll_interval{200};

std::optional<milliseconds> retry_after(const http::Response& answer) {
    const auto text = answer.headers.find("retry-after");
    if (!text) return std::nullopt;
    const auto seconds = parse_whole_number<int>(*text);
    if (!seconds || *seconds < 0) return std::nullopt;
    return std::chrono::seconds(*seconds);
}

/// The path of a Location, which may be a whole URL.
std::string path_of(std::string_view location) {
    const auto scheme = location.find("://");
    if (scheme == std::string_view::npos) return std::string(location);
    const auto slash = location.find('/', scheme + 3);
    return slash == std::string_view::npos ? "/" : std::string(location.substr(slash));
}

std::string member(const boost::json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

}  // namespace

std::string problem_text(const http::Response& answer) {
    auto fallback = "HTTP " + std::to_string(answer.status);
    const auto document = parse_json(answer.body);
    if (!document || !document->is_object()) return fallback;
    const auto& problem = document->get_object();
    std::string text = member(problem, "detail");
    if (text.empty()) text = member(problem, "message");
    if (text.empty()) text = member(problem, "title");
    std::string violations;
    const auto* errors = problem.if_contains("errors");
    if (errors != nullptr && errors->is_array()) {
        for (const auto& error : errors->get_array()) {
            if (!error.is_object()) continue;
            const auto pointer = member(error.get_object(), "pointer");
            violations += (violations.empty() ? "" : "; ") + (pointer.empty() ? "" : pointer + " ") +
                          member(error.get_object(), "detail");
        }
    }
    if (!violations.empty()) return fallback + ": " + violations;
    return text.empty() ? fallback : fallback + ": " + text;
}

PredictionFlow::PredictionFlow(SteadyTime now, milliseconds patience, std::uint64_t seed)
    : deadline_(now + patience), backoff_({milliseconds(200), milliseconds(5'000)}, seed) {}

PredictionFlow::Step PredictionFlow::last() const {
    if (location_.empty()) return {Step::Kind::predict};
    return {Step::Kind::fetch, location_};
}

PredictionFlow::Step PredictionFlow::again(std::optional<milliseconds> after, const std::string& why, SteadyTime now) {
    const auto wait = after.value_or(backoff_.next());
    if (now + wait > deadline_) return give_up(why + " (gave up waiting)");
    auto step = last();
    step.after = wait;
    return step;
}

PredictionFlow::Step PredictionFlow::give_up(const std::string& why) const {
    if (location_.empty()) return {Step::Kind::failed, why};
    return {.kind = Step::Kind::failed,
            .text = why + "; to ask for it later: request id " + request_id_ + ", Location " + location_,
            .accepted = R"({"status":"accepted","request_id":)" + quote_json(request_id_) + R"(,"location":)" +
                        quote_json(location_) + "}"};
}

PredictionFlow::Step PredictionFlow::on_answer(const http::Response& answer, SteadyTime now) {
    switch (answer.status) {
        case 200:
            return on_prediction(answer.body);
        case 202:
            return on_accepted(answer, now);
        case 401:
            if (logged_in_again_) break;
            logged_in_again_ = true;
            return {Step::Kind::login};
        case 429:
        case 503:
            return again(retry_after(answer), problem_text(answer), now);
        default:
            break;
    }
    return {.kind = Step::Kind::failed, .text = problem_text(answer), .is_refusal = answer.status == 422};
}

PredictionFlow::Step PredictionFlow::on_accepted(const http::Response& answer, SteadyTime now) {
    if (const auto location = answer.headers.find("location")) location_ = path_of(*location);
    if (const auto id = answer.headers.find("x-request-id"); id && request_id_.empty()) request_id_ = *id;
    if (location_.empty()) return {Step::Kind::failed, "HTTP 202 without a Location"};
    return again(retry_after(answer).value_or(poll_interval), "accepted, but its prediction has not come", now);
}

PredictionFlow::Step PredictionFlow::on_prediction(const std::string& body) {
    const auto document = parse_json(body);
    if (!document || !document->is_object()) return {Step::Kind::failed, "the answer is no prediction"};
    const auto* status = document->get_object().if_contains("status");
    if (status == nullptr || *status == 200) return {Step::Kind::done, body};
    return {Step::Kind::failed, member(document->get_object(), "message")};
}

PredictionFlow::Step PredictionFlow::on_unavailable(const std::string& why, SteadyTime now) {
    return again(std::nullopt, why, now);
}

PredictionFlow::Step PredictionFlow::on_login() {
    return last();
}

}  // namespace nearline::cli
