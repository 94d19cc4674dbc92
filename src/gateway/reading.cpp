#include "gateway/reading.hpp"

#include <string>

#include "domain/time.hpp"
#include "gateway/responses.hpp"

namespace nearline::gateway {

/// Nothing for what is no id, and for somebody else's Location.
std::optional<Reading::Wanted> Reading::wanted(const http::Request& request, const Claims& claims) const {
    const std::string& text = request.params.at("id");
    const auto ticket = parts_.signer.verify(text);
    const auto id = ticket ? ticket->request_id : Uuid::parse(text);
    if (!id) return {};
    Wanted wanted{claims, *id, ticket};
    if (ticket && !wanted.may_see(ticket->user)) return {};
    return wanted;
}

AnswerPtr Reading::kept(const Wanted& wanted) const {
    auto answer = parts_.keep.find(wanted.id);
    return answer && wanted.may_see(answer->user) ? answer : nullptr;
}

bool Reading::is_past_retention(const token::Ticket& ticket) const {
    return wall_now() - ticket.accepted > options_.location_retention;
}

bool Reading::is_awaited_here(const Wanted& wanted) const {
    const auto pending = parts_.callers.find(wanted.id);
    return pending && wanted.may_see(pending->user);
}

boost::asio::awaitable<http::Response> Reading::show(const http::Request& request) {
    const auto claims = co_await parts_.authenticator.check(request);
    if (!claims) co_return problem_response(claims.error(), request.request_id);
    const auto asked = wanted(request, *claims);
    if (!asked) co_return problem_response(no_such_prediction(), request.request_id);
    if (const auto answer = kept(*asked)) co_return answer_response(*answer);
    if (asked->ticket && is_past_retention(*asked->ticket)) co_return problem_response(gone(), request.request_id);
    // Without a signature only this gateway can know that the request is on its way.
    if (asked->ticket || is_awaited_here(*asked)) co_return accepted_response(asked->id, request.path);
    co_return problem_response(no_such_prediction(), request.request_id);
}

}  // namespace nearline::gateway
