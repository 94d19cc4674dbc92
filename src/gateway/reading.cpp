#include "gateway/reading.hpp"

#include <string>

#include "domain/time.hpp"
#include "domain/timed_uuid.hpp"
#include "gateway/responses.hpp"

namespace nearline::gateway {

/// A 404 for what is no id, and for somebody else's Location.
Result<Reading::Wanted> Reading::wanted(const http::Request& request, const Claims& claims) const {
    const std::string& text = request.params.at("id");
    const auto ticket = parts_.signer.verify(text);
    const auto id = ticket ? ticket->request_id : Uuid::parse(text);
    if (!id) return no_prediction_id();
    Wanted wanted{claims, *id, ticket};
    if (ticket && !wanted.may_see(ticket->user)) return no_such_prediction(parts_.archive.is_there());
    return wanted;
}

AnswerPtr Reading::kept(const Wanted& wanted) const {
    auto answer = parts_.keep.find(wanted.id);
    return answer && wanted.may_see(answer->user) ? answer : nullptr;
}

/// A Location says when its request was accepted, and so does a request id, but for those that were made of an
/// Idempotency-Key. Unsigned, and so perhaps made up, it is believed of what nobody has.
bool Reading::is_past_retention(const Wanted& wanted) const {
    const auto made = wanted.ticket ? std::optional(wanted.ticket->accepted) : time_of(wanted.id);
    if (!made) return false;
    const auto age = wall_now() - *made;
    if (wanted.ticket && age > options_.location_retention) return true;
    return parts_.archive.is_there() && options_.archive_keep && age > *options_.archive_keep;
}

bool Reading::is_awaited_here(const Wanted& wanted) const {
    const auto pending = parts_.callers.find(wanted.id);
    return pending && wanted.may_see(pending->user);
}

boost::asio::awaitable<http::Response> Reading::show(const http::Request& request) {
    const auto claims = co_await parts_.authenticator.check(request);
    if (!claims) co_return problem_response(claims.error(), request.request_id);
    const auto asked = wanted(request, *claims);
    if (!asked) co_return problem_response(asked.error(), request.request_id);

    AnswerPtr answer = kept(*asked);
    std::optional<Problem> away;
    if (answer && answer->status == 200) {
        // Under an Idempotency-Key another gateway may have seen another answer; the archive has one of them, which all
        // give.
        AnswerPtr archived;
        if (asked->id.is_hash_based()) archived = co_await parts_.archive.find_at_once(asked->id);
        if (archived && archived->status == 200 && asked->may_see(archived->user)) answer = archived;
        co_return answer_response(*answer);
    }
    // What this gateway saw fail may have been predicted since, through another one.
    if (parts_.archive.is_there()) {
        const auto archived = co_await parts_.archive.find(asked->id);
        if (!archived) {
            away = archived.error();
        } else if (*archived && asked->may_see((*archived)->user)) {
            answer = *archived;
        }
        // Meanwhile it may have come.
        if (const auto now = kept(*asked); now && (!answer || now->status == 200)) answer = now;
    }
    if (answer) co_return answer_response(*answer);
    co_return without_answer(*asked, away, request);
}

/// `away`: the archive can't say whether it has one.
http::Response Reading::without_answer(const Wanted& wanted, const std::optional<Problem>& away,
                                       const http::Request& request) const {
    const bool past = is_past_retention(wanted);
    if (past && !away) return problem_response(gone(), request.request_id);
    if (!past && is_awaited_here(wanted)) return accepted_response(wanted.id, request.path);
    if (away) return problem_response(*away, request.request_id);
    // Without a signature only the gateway that took the request can know that it is on its way.
    if (wanted.ticket) return accepted_response(wanted.id, request.path);
    return problem_response(no_such_prediction(parts_.archive.is_there()), request.request_id);
}

boost::asio::awaitable<http::Response> Reading::list(const http::Request& request) {
    const auto claims = co_await parts_.authenticator.check(request);
    if (!claims) co_return problem_response(claims.error(), request.request_id);
    if (!parts_.archive.is_there()) co_return problem_response(no_archive(), request.request_id);
    const auto query = parse_page_query(request.query);
    if (!query) co_return problem_response(query.error(), request.request_id);
    const auto page = co_await parts_.archive.list(claims->subject, *query);
    if (!page) co_return problem_response(page.error(), request.request_id);
    co_return page_response(*page, query->limit);
}

}  // namespace nearline::gateway
