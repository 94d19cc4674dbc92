#include "gateway/predictions.hpp"

#include <algorithm>
#include <utility>

#include "domain/header_names.hpp"
#include "gateway/observation.hpp"
#include "gateway/responses.hpp"
#include "http/text.hpp"

namespace nearline::gateway {
namespace {

using namespace std::chrono_literals;
using Admission = PendingAnswers::Admission;

std::vector<std::string_view> fields(const http::Headers& headers, std::string_view wanted) {
    std::vector<std::string_view> values;
    for (const auto& [name, value] : headers.all()) {
        if (http::equal_ignoring_case(name, wanted)) values.emplace_back(value);
    }
    return values;
}

std::string what_was_applied(const Preferences& preferences, std::chrono::milliseconds wait, bool async) {
    std::string applied;
    if (preferences.respond_async && async) applied = "respond-async";
    if (preferences.wait) {
        applied += (applied.empty() ? "wait=" : ", wait=") +
                   std::to_string(std::chrono::duration_cast<std::chrono::seconds>(wait).count());
    }
    return applied;
}

}  // namespace

Predictions::Predictions(const Parts& parts, const Options& options)
    : parts_(parts), options_(options), rate_limit_(options.rate_limit, options.rate_burst) {
    produced_ = parts_.metrics.counter("nearline_gateway_produced_total", "Requests given to the producer");
    answer_seconds_ = parts_.metrics.histogram("nearline_gateway_answer_seconds",
                                               "From taking a request to its answer, where somebody waited for it");
}

boost::asio::awaitable<http::Response> Predictions::predict(const http::Request& request) {
    const auto began = std::chrono::steady_clock::now();
    const auto claims = co_await parts_.authenticator.check(request);
    if (!claims) co_return refuse(claims.error(), request.request_id);
    const auto asked = check(request, *claims);
    if (!asked) co_return refuse(asked.error(), request.request_id);
    if (asked->repeatable) {
        const auto known = co_await answer_to_repeat(*asked);
        if (known) co_return repeat(*asked, *known, request.request_id);
    }
    const auto admitted = enter(*asked);
    if (!admitted) co_return refuse(admitted.error(), asked->question.id.to_string());
    const auto ending = co_await parts_.callers.outcome(admitted->caller);
    if (ending.kind == Ending::Kind::answered) {
        answer_seconds_.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
    }
    co_return respond(*asked, ending);
}

/// All that can be said of a request without the stream.
Result<Predictions::Asked> Predictions::check(const http::Request& request, const Claims& claims) {
    if (const auto again = rate_limit_.take(claims.subject, std::chrono::steady_clock::now())) {
        return too_many("You send more requests than you may; wait a little.", *again);
    }
    auto json = check_observation(request.body, parts_.input.schema());
    if (!json) return json.error();
    Asked asked;
    asked.json = *std::move(json);
    asked.question.user = claims.subject;
    asked.question.body_digest = sha256_hex(request.body);
    asked.preferences = parse_prefer(fields(request.headers, "Prefer"));
    if (const auto parent = request.headers.find("traceparent"); parent && is_traceparent(*parent)) {
        asked.traceparent = *parent;
    }
    if (const auto field = request.headers.find("Idempotency-Key")) {
        const auto key = parse_idempotency_key(*field);
        if (!key) {
            return Problem{400, "Bad Request",
                           "Idempotency-Key must be 1 to 255 visible ASCII characters, e.g. a UUID."};
        }
        asked.repeatable = true;
        asked.question.id = Uuid::hash_based({options_.input_topic, claims.subject.to_string(), *key});
    } else {
        const auto made = Uuid::parse(request.request_id);
        asked.question.id = made ? *made : Uuid::random();
    }
    const auto& wanted = asked.preferences;
    const auto otherwise = wanted.respond_async ? 0ms : options_.answer_timeout;
    asked.wait = wanted.wait ? std::min<std::chrono::milliseconds>(*wanted.wait, options_.max_wait) : otherwise;
    return asked;
}

/// What answered an earlier request with the same Idempotency-Key, as far as the archive says so at once or this
/// gateway has seen it. A failure is no answer: it may be tried again. The archive comes first: what it has is what
/// all gateways say, should two have seen different answers.
boost::asio::awaitable<AnswerPtr> Predictions::answer_to_repeat(const Asked& asked) {
    const auto& question = asked.question;
    const auto answers = [&](const AnswerPtr& known) {
        // The id is made from the user's; a record that says otherwise is somebody's who made up ids.
        return known && known->status == 200 && known->user.value_or(question.user) == question.user;
    };
    auto archived = co_await parts_.archive.find_at_once(question.id);
    if (answers(archived)) co_return archived;
    auto kept = parts_.keep.find(question.id);
    co_return answers(kept) ? kept : nullptr;
}

http::Response Predictions::repeat(const Asked& asked, const Answer& known, const std::string& request_id) {
    if (is_of_other_body(known, asked.question.body_digest)) return refuse(other_body(), request_id);
    count("answered");
    return answer_response(known);
}

std::string Predictions::why_not_now() const {
    if (!parts_.stream_down.empty()) return parts_.stream_down;
    if (!producer_) return "this gateway is only starting";
    return parts_.registry_down;
}

Patience Predictions::patience_for(const Asked& asked) const {
    const auto now = std::chrono::steady_clock::now();
    return {now + asked.wait, now + std::max(asked.wait, options_.answer_timeout), asked.wait > 0ms};
}

/// Lets the request in and produces it, unless an earlier one like it is on its way.
Result<PendingAnswers::Admitted> Predictions::enter(const Asked& asked) {
    if (const auto why = why_not_now(); !why.empty()) return not_accepted(why);
    if (parts_.max_backlog > 0ms) {
        const auto wait = parts_.backlog.wait();
        if (wait > parts_.max_backlog) {
            const auto excess = std::chrono::duration_cast<std::chrono::seconds>(wait - parts_.max_backlog);
            return not_accepted(
                "the queue before the model is " + std::to_string(static_cast<long>(wait.count())) + " s long",
                std::clamp(excess, 1s, 60s));
        }
    }
    const auto admitted = parts_.callers.admit(asked.question, patience_for(asked));
    switch (admitted.admission) {
        case Admission::full:
            return too_many("Too many requests wait for their answers here.", 1s);
        case Admission::other_body:
            return other_body();
        case Admission::no_partition:
            return not_accepted("this gateway reads no answers yet");
        case Admission::joined:
            break;
        case Admission::opened:
        case Admission::again:
            produce(asked, admitted);
            break;
    }
    return admitted;
}

void Predictions::produce(const Asked& asked, const PendingAnswers::Admitted& admitted) {
    const auto header = [](std::string_view name, std::string value) {
        return stream::Header{std::string(name), std::move(value)};
    };
    stream::Record record;
    record.value = parts_.input.encode(asked.json);
    record.headers = {header(header_names::request_id, asked.question.id.to_string()),
                      header(header_names::user, asked.question.user.to_string()),
                      header(header_names::reply_partition, std::to_string(admitted.partition)),
                      header(header_names::body_digest, asked.question.body_digest)};
    if (!asked.traceparent.empty()) record.headers.push_back(header(header_names::traceparent, asked.traceparent));
    produced_.add();
    // No key (docs/decisions/0060): nothing here depends on order, and any partition can take it. But copies of what
    // can be repeated meet on one partition, so that they are answered alike (0064).
    if (asked.repeatable) record.key = asked.question.id.to_string();
    producer_->produce(options_.input_topic, {}, std::move(record),
                       parts_.callers.on_delivery(asked.question.id, admitted.attempt));
}

std::string Predictions::location_of(const Uuid& request_id, const Uuid& user) const {
    return prediction_path(parts_.signer.sign({request_id, user, wall_now()}));
}

http::Response Predictions::respond(const Asked& asked, const Ending& ending) {
    const auto& question = asked.question;
    http::Response response;
    switch (ending.kind) {
        case Ending::Kind::answered:
            if (is_of_other_body(*ending.answer, question.body_digest)) {
                return refuse(other_body(), question.id.to_string());
            }
            count(ending.answer->status == 200 ? "answered" : "failed");
            response = answer_response(*ending.answer);
            break;
        case Ending::Kind::accepted:
            count("accepted");
            response = accepted_response(question.id, location_of(question.id, question.user));
            break;
        case Ending::Kind::rejected:
        case Ending::Kind::unknown:
            return refuse(not_stored(ending, question.id), question.id.to_string());
    }
    const bool async = ending.kind == Ending::Kind::accepted;
    const auto applied = what_was_applied(asked.preferences, asked.wait, async);
    if (!applied.empty()) response.headers.add("Preference-Applied", applied);
    return response;
}

http::Response Predictions::refuse(Problem problem, const std::string& request_id) {
    count(std::to_string(problem.status));
    return problem_response(std::move(problem), request_id);
}

void Predictions::count(const std::string& outcome) {
    auto counter = outcomes_.find(outcome);
    if (counter == outcomes_.end()) {
        const auto made =
            parts_.metrics.counter("nearline_gateway_requests_total",
                                   "POST /predict by outcome: answered, failed, accepted, or the status of the refusal",
                                   {{"outcome", outcome}});
        counter = outcomes_.emplace(outcome, made).first;
    }
    counter->second.add();
}

}  // namespace nearline::gateway
