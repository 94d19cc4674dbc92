#include "token/jwt.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <stdexcept>

#include "domain/json.hpp"
#include "token/base64url.hpp"
#include "token/hmac.hpp"

namespace nearline::token {
namespace {

namespace json = boost::json;

constexpr std::size_t least_secret = 32;  // bytes; RFC 7518, 3.2
constexpr std::size_t longest_token = 8 << 10;
constexpr std::int64_t leeway = 60;  // seconds between two machines' clocks

constexpr std::string_view login_advice =
    "Log in with `curl -u NAME:PASSWORD -X POST http://HOST:PORT/login` and send what it answers as the header "
    "`Authorization: Bearer TOKEN`.";

/// {"typ":"JWT","alg":"HS256"} and PyJWT's {"alg":"HS256","typ":"JWT"}, as they come on nearly every token.
constexpr std::string_view own_header = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9";
constexpr std::string_view usual_header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

Problem invalid(std::string detail) {
    Problem problem{401, "Unauthorized", std::move(detail)};
    problem.www_authenticate = R"(Bearer realm="nearline", error="invalid_token")";
    return problem;
}

Problem malformed(const std::string& what) {
    return invalid("The token is malformed: " + what + ". " + std::string(login_advice));
}

Problem missing(const std::string& claim, const std::string& kind) {
    return invalid("The token's claim \"" + claim + "\" is missing or not " + kind + ".");
}

/// One of the three parts, as a JSON object.
Result<json::object> decode_object(std::string_view part, const std::string& name) {
    const auto text = base64url_decode(part);
    if (!text) return malformed("its " + name + " is not base64url");
    auto value = parse_json(*text);
    if (!value || !value->is_object()) return malformed("its " + name + " is no JSON object");
    return std::move(value->as_object());
}

/// The algorithm is ours to choose, never the token's (RFC 8725, 3.1).
std::optional<Problem> check_header(std::string_view part) {
    if (part == own_header || part == usual_header) return std::nullopt;
    const auto header = decode_object(part, "header");
    if (!header) return header.error();
    const auto* const algorithm = header->if_contains("alg");
    if (!algorithm || !algorithm->is_string()) return malformed("its header has no \"alg\"");
    const auto& name = algorithm->get_string();
    if (name == "none" || name == "None" || name == "NONE" || name == "nOnE")
        return invalid("The token is not signed (\"alg\": \"none\"); only HS256 is accepted here.");
    if (name != "HS256")
        return invalid("The token's algorithm is " + std::string(name.subview(0, 32)) +
                       "; only HS256 is accepted here.");
    if (header->contains("crit")) return invalid("The token needs an extension (\"crit\") that is not known here.");
    if (const auto* const type = header->if_contains("typ"))
        if (!type->is_string() || (type->get_string() != "JWT" && type->get_string() != "jwt"))
            return malformed("its \"typ\" is not JWT");
    return std::nullopt;
}

std::optional<std::int64_t> integer(const json::object& claims, std::string_view name) {
    const auto* const value = claims.if_contains(name);
    return value && value->is_int64() ? std::optional(value->get_int64()) : std::nullopt;
}

std::optional<Problem> check_times(std::int64_t exp, std::int64_t iat, std::optional<std::int64_t> nbf,
                                   std::int64_t now) {
    if (exp <= now - leeway)
        return invalid("The token expired " + std::to_string(now - std::max<std::int64_t>(exp, 0)) + " s ago. " +
                       std::string(login_advice));
    if (iat > now + leeway)
        return invalid("The token comes from the future (iat is " + std::to_string(iat - now) +
                       " s ahead): are the clocks right?");
    if (nbf && *nbf > now + leeway) return invalid("The token is not valid yet (nbf).");
    return std::nullopt;
}

Result<Claims> read_claims(const json::object& object, std::int64_t now) {
    const auto exp = integer(object, "exp");
    if (!exp) return missing("exp", "an integer");
    const auto iat = integer(object, "iat");
    if (!iat) return missing("iat", "an integer");
    const auto nbf = integer(object, "nbf");
    if (object.contains("nbf") && !nbf) return missing("nbf", "an integer");
    if (auto problem = check_times(*exp, *iat, nbf, now)) return *std::move(problem);
    const auto* const username = object.if_contains("username");
    if (!username || !username->is_string() || username->get_string().empty()) return missing("username", "a name");
    const auto* const admin = object.if_contains("admin");
    if (!admin || !admin->is_bool()) return missing("admin", "true or false");
    const auto* const subject = object.if_contains("sub");
    const auto id = subject && subject->is_string() ? Uuid::parse(subject->get_string()) : std::nullopt;
    if (!id) return missing("sub", "a UUID");
    return Claims{std::string(username->get_string()), *exp, *iat, admin->get_bool(), *id};
}

}  // namespace

void require_strong_secret(std::string_view secret) {
    if (secret.size() < least_secret)
        throw std::invalid_argument(
            "the secret that signs tokens has " + std::to_string(secret.size()) +
            " bytes; HS256 needs at least 32 (RFC 7518, 3.2): `openssl rand -hex 32` makes one");
}

struct Jwt::Impl {
    explicit Impl(std::string_view secret) : hmac(secret) {}
    HmacSha256 hmac;
};

Jwt::Jwt(std::string_view secret) {
    require_strong_secret(secret);
    impl_ = std::make_unique<Impl>(secret);
}

Jwt::~Jwt() = default;

std::string Jwt::sign(const Claims& claims) const {
    const auto payload = "{\"username\":" + quote_json(claims.username) + ",\"exp\":" + std::to_string(claims.exp) +
                         ",\"iat\":" + std::to_string(claims.iat) + ",\"admin\":" + (claims.admin ? "true" : "false") +
                         ",\"sub\":\"" + claims.subject.to_string() + "\"}";
    std::string token(own_header);
    token += '.' + base64url_encode(payload);
    const auto signature = impl_->hmac.sign(token);
    return token += '.' + base64url_encode(as_text(signature));
}

Result<Claims> Jwt::verify(std::string_view token, std::int64_t now) const {
    if (token.size() > longest_token) return malformed("it is longer than any token made here");
    const auto first = token.find('.');
    const auto last = token.rfind('.');
    if (first == std::string_view::npos || first == last || token.find('.', first + 1) != last)
        return malformed("it is not three parts with dots between them");
    if (auto problem = check_header(token.substr(0, first))) return *std::move(problem);
    const auto signature = base64url_decode(token.substr(last + 1));
    if (!signature) return malformed("its signature is not base64url");
    if (!impl_->hmac.verify(token.substr(0, last), *signature))
        return invalid("The token's signature is wrong: it was changed, or signed with another secret.");
    const auto payload = decode_object(token.substr(first + 1, last - first - 1), "payload");
    if (!payload) return payload.error();
    return read_claims(*payload, now);
}

Result<std::string_view> bearer_token(std::optional<std::string_view> authorization) {
    Problem problem{401, "Unauthorized", {}};
    problem.www_authenticate = R"(Bearer realm="nearline")";
    if (!authorization) {
        problem.detail = "There is no token. " + std::string(login_advice);
        return problem;
    }
    const auto space = authorization->find(' ');
    const auto scheme = authorization->substr(0, space);
    constexpr std::string_view wanted = "bearer";
    const bool is_bearer = scheme.size() == wanted.size() &&
                           std::equal(scheme.begin(), scheme.end(), wanted.begin(),
                                      [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b; });
    if (!is_bearer) {
        problem.detail = "The Authorization header has no bearer token. " + std::string(login_advice);
        return problem;
    }
    auto token = space == std::string_view::npos ? std::string_view() : authorization->substr(space);
    while (token.starts_with(' ')) token.remove_prefix(1);
    while (token.ends_with(' ')) token.remove_suffix(1);
    if (token.empty() || token.find(' ') != std::string_view::npos) {
        problem.detail = "The Authorization header is not `Bearer TOKEN`. " + std::string(login_advice);
        return problem;
    }
    return token;
}

}  // namespace nearline::token
