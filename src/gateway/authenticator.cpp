#include "gateway/authenticator.hpp"

#include <boost/json/value.hpp>
#include <string>
#include <utility>

#include "domain/json.hpp"
#include "gateway/responses.hpp"

namespace nearline::gateway {
namespace {

constexpr std::size_t most_tokens = 10'000;
constexpr std::string_view dependency = "auth";

std::int64_t seconds_since_1970() {
    return std::chrono::duration_cast<std::chrono::seconds>(wall_now().time_since_epoch()).count();
}

Problem not_any_more() {
    Problem problem{401, "Unauthorized",
                    "The token is not valid any more: its user was removed, or changed since it was made. Log in again "
                    "with POST /login (Basic) and send what it answers as the header Authorization: Bearer TOKEN."};
    problem.www_authenticate = R"(Bearer realm="nearline", error="invalid_token")";
    return problem;
}

/// {"admin":true,…}; nothing for any other text.
std::optional<bool> admin_in(std::string_view body) {
    const auto document = parse_json(body);
    if (!document || !document->is_object()) return {};
    const auto* admin = document->get_object().if_contains("admin");
    if (!admin || !admin->is_bool()) return {};
    return admin->get_bool();
}

}  // namespace

Authenticator::Authenticator(const token::Jwt& jwt, http::Client* auth, Health& health,
                             std::chrono::milliseconds keep_time)
    : jwt_(jwt), auth_(auth), health_(health), cache_(keep_time, most_tokens) {}

boost::asio::awaitable<Result<Claims>> Authenticator::check(const http::Request& request) {
    const auto token = token::bearer_token(request.headers.find("Authorization"));
    if (!token) co_return token.error();
    auto claims = jwt_.verify(*token, seconds_since_1970());
    if (!claims || !auth_) co_return claims;
    if (const auto yes = cache_.find(*token, std::chrono::steady_clock::now())) {
        claims->admin = yes->admin;
        co_return claims;
    }
    co_return co_await ask(*token, *claims);
}

boost::asio::awaitable<void> Authenticator::ask_whether_it_is_back() {
    if (!auth_ || !is_down_) co_return;
    constexpr std::int64_t lifetime = 60;
    const auto now = seconds_since_1970();
    const Claims nobody{.username = "nobody", .exp = now + lifetime, .iat = now, .admin = false, .subject = Uuid()};
    co_await ask(jwt_.sign(nobody), nobody);
}

void Authenticator::answers() {
    is_down_ = false;
    health_.up(std::string(dependency));
}

boost::asio::awaitable<Result<Claims>> Authenticator::ask(std::string_view token, const Claims& verified) {
    const auto asked = std::chrono::steady_clock::now();
    http::ClientRequest request;
    request.method = "POST";
    request.target = "/validate";
    request.headers.add("Authorization", "Bearer " + std::string(token));
    std::string why;
    try {
        const http::Response response = co_await auth_->send(std::move(request));
        if (response.status == 401) {
            answers();
            cache_.erase(token);
            co_return not_any_more();
        }
        if (const auto admin = response.status == 200 ? admin_in(response.body) : std::nullopt) {
            answers();
            cache_.put(token, {*admin}, asked);
            Claims claims = verified;
            claims.admin = *admin;
            co_return claims;
        }
        why = "it answered " + std::to_string(response.status);
    } catch (const Unavailable& error) {
        why = error.what();
    }
    is_down_ = true;
    health_.down(std::string(dependency), why);
    co_return not_accepted("auth-svc can't say now whether the token's user is still there");
}

}  // namespace nearline::gateway
