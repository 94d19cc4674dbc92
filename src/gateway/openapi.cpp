#include "gateway/openapi.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cctype>
#include <map>
#include <stdexcept>

#include "gateway/page.hpp"
#include "runtime/version.hpp"

namespace nearline::gateway {
namespace {

namespace json = boost::json;

constexpr std::string_view problem_type = "application/problem+json";
constexpr std::string_view json_type = "application/json";
constexpr std::string_view text_type = "text/plain";

/// One answer that an operation can give.
struct Answer {
    int status;  // 0: any other
    std::string_view description;
    std::string_view type = problem_type;  // empty: no content
    std::string_view schema = "Problem";   // empty: any
    std::vector<std::string_view> headers{};
};

/// What the routes' table does not say.
struct Operation {
    std::string_view security{};  // of components/securitySchemes; empty: anybody
    std::string_view body{};      // of components/schemas; empty: none
    std::vector<std::string_view> parameters{};
    std::vector<Answer> answers;
};

const Answer away{
    503, "Something that is needed does not answer now; nothing was stored.", problem_type, "Problem", {"Retry-After"}};
const Answer unauthorized{401,
                          "No token, or none that is valid; the detail says how to get one.",
                          problem_type,
                          "Problem",
                          {"WWW-Authenticate"}};
const Answer archive_away{
    503, "The archive, or auth-svc, does not answer now; predictions go on.", problem_type, "Problem", {"Retry-After"}};
const Answer other{0, "Anything else that goes wrong, e.g. 408 when a request does not arrive in time."};

std::map<std::string, Operation> operations() {
    const Answer wrong_type{415, "The body is not application/json."};
    return {
        {"POST /predict",
         {.security = "bearer",
          .body = "Observation",
          .parameters = {"Prefer", "Idempotency-Key", "traceparent"},
          .answers =
              {{200,
                "The prediction.",
                json_type,
                "Prediction",
                {"Content-Location", "X-Request-Id", "Preference-Applied"}},
               {202,
                "Stored; its prediction will be at the Location.",
                json_type,
                "Accepted",
                {"Location", "Retry-After", "X-Request-Id", "Preference-Applied"}},
               {400, "Not JSON; the detail has the position."},
               unauthorized,
               {413, "The body is too large."},
               wrong_type,
               {422, "JSON that breaks the schema, see errors; or an Idempotency-Key used for another body."},
               {429, "Too many requests of this user, or of all together.", problem_type, "Problem", {"Retry-After"}},
               away,
               {504, "The stream did not say in time whether it stored the request."},
               other}}},
        {"GET /predictions/{id}",
         {.security = "bearer",
          .parameters = {"id"},
          .answers =
              {{200, "The prediction.", json_type, "Prediction", {"Content-Location", "X-Request-Id"}},
               {202, "On its way: ask again.", json_type, "Accepted", {"Location", "Retry-After", "X-Request-Id"}},
               unauthorized,
               {404, "No prediction of yours."},
               {410, "Older than what is kept."},
               archive_away,
               {0, "The failure in which the request ended, with its status; or anything else that goes wrong."}}}},
        {"GET /predictions",
         {.security = "bearer",
          .parameters = {"limit", "after"},
          .answers = {{200, "A page of your predictions, the newest first.", json_type, "PredictionPage", {"Link"}},
                      {400, "A parameter that can't be used, see errors."},
                      unauthorized,
                      {404, "This gateway reads no archive."},
                      archive_away,
                      other}}},
        {"POST /login",
         {.security = "basic",
          .answers = {{200, "The token, and nothing else.", text_type, "Token"},
                      {401, "Unknown name, or wrong password.", problem_type, "Problem", {"WWW-Authenticate"}},
                      {429, "Too many failed logins.", problem_type, "Problem", {"Retry-After"}},
                      away,
                      other}}},
        {"POST /validate",
         {.security = "bearer",
          .answers = {{200, "What the token says.", json_type, "Claims"}, unauthorized, away, other}}},
        {"POST /register",
         {.security = "bearer",
          .body = "NewUser",
          .answers = {{201, "The user is made.", json_type, "User"},
                      {400, "Not JSON."},
                      unauthorized,
                      {403, "The token's user may not make users."},
                      {409, "The name is taken."},
                      wrong_type,
                      {422, "No e-mail address, or no password that will do."},
                      away,
                      other}}},
        {"PUT /users/{name}/notifications",
         {.security = "bearer",
          .body = "Notifications",
          .parameters = {"name"},
          .answers = {{204, "Done.", ""},
                      {400, "Not JSON."},
                      unauthorized,
                      {403, "The token's user is neither this one nor an administrator."},
                      {404, "There is no such user."},
                      wrong_type,
                      {422, "Not what is to be sent, see errors."},
                      away,
                      other}}},
        {"GET /", {.answers = {{200, "The routes there are.", json_type, ""}}}},
        {"GET /openapi.json", {.answers = {{200, "This document.", json_type, ""}}}},
        {"GET /healthz", {.answers = {{200, "Alive.", json_type, ""}, {503, "Alive, but stuck.", json_type, ""}}}},
        {"GET /readyz",
         {.answers = {{200, "Ready; names what is missing now.", json_type, ""},
                      {503, "Starting, or draining.", json_type, ""}}}},
        {"GET /metrics", {.answers = {{200, "Prometheus' text format.", text_type, "Text"}}}},
    };
}

json::object reference(std::string_view kind, std::string_view name) {
    return {{"$ref", "#/components/" + std::string(kind) + "/" + std::string(name)}};
}

json::object content(std::string_view type, std::string_view schema) {
    return {{type, {{"schema", schema.empty() ? json::object() : reference("schemas", schema)}}}};
}

json::object responses(const std::vector<Answer>& answers) {
    json::object all;
    for (const auto& answer : answers) {
        json::object response{{"description", answer.description}};
        if (!answer.headers.empty()) {
            auto& headers = response["headers"].emplace_object();
            for (const auto name : answer.headers) headers[name] = reference("headers", name);
        }
        if (!answer.type.empty()) response["content"] = content(answer.type, answer.schema);
        all[answer.status == 0 ? std::string("default") : std::to_string(answer.status)] = std::move(response);
    }
    return all;
}

/// "GET /predictions/{id}" is get_predictions_id.
std::string operation_id(const http::Route& route) {
    std::string id;
    for (const char c : route.method + route.pattern) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0) {
            id += static_cast<char>(std::tolower(byte));
        } else if (!id.empty() && id.back() != '_') {
            id += '_';
        }
    }
    if (id.ends_with('_')) id.pop_back();
    return id;
}

json::object describe(const http::Route& route, const Operation& operation) {
    json::object described{{"operationId", operation_id(route)}, {"summary", route.summary}};
    if (!operation.parameters.empty()) {
        auto& parameters = described["parameters"].emplace_array();
        for (const auto name : operation.parameters) parameters.push_back(reference("parameters", name));
    }
    if (!operation.body.empty()) {
        const std::string_view type = route.content_type.empty() ? json_type : std::string_view(route.content_type);
        described["requestBody"] = {{"required", true}, {"content", content(type, operation.body)}};
    }
    if (!operation.security.empty()) {
        json::object scheme;
        scheme[operation.security] = json::array();
        described["security"] = json::array{std::move(scheme)};
    }
    described["responses"] = responses(operation.answers);
    return described;
}

json::object parameter(std::string_view in, std::string_view name, std::string_view description,
                       const json::object& schema) {
    return {{"name", name}, {"in", in}, {"required", in == "path"}, {"description", description}, {"schema", schema}};
}

json::object text_schema(std::string_view description) {
    return {{"type", "string"}, {"description", description}};
}

json::object parameters() {
    const json::object text{{"type", "string"}};
    return {
        {"id", parameter("path", "id", "The request id (X-Request-Id), or what a Location has here.", text)},
        {"name", parameter("path", "name", "The user's name, an e-mail address.", text)},
        {"Prefer", parameter("header", "Prefer",
                             "RFC 7240: respond-async answers 202 as soon as the request is stored; "
                             "wait=N waits so many seconds at most for the prediction.",
                             text)},
        {"Idempotency-Key", parameter("header", "Idempotency-Key", "The same key with the same body counts once.",
                                      {{"type", "string"}, {"minLength", 1}, {"maxLength", 255}})},
        {"limit", parameter("query", "limit", "How many at most; a page of large ones has fewer, and a Link.",
                            {{"type", "integer"}, {"minimum", 1}, {"maximum", PageQuery::most}, {"default", 100}})},
        {"after",
         parameter("query", "after", "Where to go on: what the Link of the page before has here. Opaque.", text)},
        {"traceparent", parameter("header", "traceparent", "W3C Trace Context; travels with the request.", text)},
    };
}

json::object headers() {
    const auto header = [](std::string_view description, std::string_view type = "string") {
        return json::object{{"description", description}, {"schema", {{"type", type}}}};
    };
    return {
        {"X-Request-Id", header("The request's id.")},
        {"Location", header("Where the prediction will be.")},
        {"Content-Location", header("Where this prediction can be had again.")},
        {"Retry-After", header("Seconds.", "integer")},
        {"Link", header("RFC 8288: rel=\"next\" is the next page; there is none after the last.")},
        {"Preference-Applied", header("RFC 7240: which preferences counted.")},
        {"WWW-Authenticate", header("How to authenticate.")},
    };
}

json::object problem_schema() {
    return {{"type", "object"},
            {"description", "RFC 9457"},
            {"properties",
             {{"title", {{"type", "string"}}},
              {"status", {{"type", "integer"}}},
              {"detail", text_schema("What is wrong in this case, and what to do about it.")},
              {"request_id", {{"type", "string"}, {"format", "uuid"}}},
              {"errors",
               {{"type", "array"},
                {"items",
                 {{"type", "object"},
                  {"properties",
                   {{"pointer", text_schema("JSON pointer into the body.")}, {"detail", {{"type", "string"}}}}},
                  {"required", {"pointer", "detail"}}}}}}}},
            {"required", {"title", "status", "detail"}}};
}

// Stand for the topics' schemas, whose text goes in as it is: their bounds are exact to the last digit, which
// reading and writing them again is not.
constexpr std::string_view input_place = "the input topic's schema";
constexpr std::string_view output_place = "the output topic's schema";

void replace(std::string& text, std::string_view place, std::string_view by) {
    const std::string quoted = '"' + std::string(place) + '"';
    text.replace(text.find(quoted), quoted.size(), by);
}

/// The members of Prediction with its id in front. By reference, since Prediction allows no others.
json::object page_schema(std::string_view output_schema) {
    json::object properties{{"id", {{"type", "string"}, {"format", "uuid"}, {"description", "The request id."}}}};
    json::array required{"id"};
    const auto prediction = json::parse(output_schema).as_object();
    if (const auto* members = prediction.if_contains("properties")) {
        for (const auto& member : members->as_object()) {
            properties[member.key()] = reference("schemas", "Prediction/properties/" + std::string(member.key()));
            required.push_back(json::value(member.key()));
        }
    }
    const json::object item{
        {"type", "object"}, {"properties", properties}, {"required", required}, {"additionalProperties", false}};
    return {{"type", "object"},
            {"properties", {{"predictions", {{"type", "array"}, {"items", item}}}}},
            {"required", {"predictions"}}};
}

json::object schemas(std::string_view output_schema) {
    return {
        {"Observation", input_place},
        {"Prediction", output_place},
        {"PredictionPage", page_schema(output_schema)},
        {"Problem", problem_schema()},
        {"Accepted",
         {{"type", "object"},
          {"properties",
           {{"status", {{"const", "accepted"}}},
            {"request_id", {{"type", "string"}, {"format", "uuid"}}},
            {"location", {{"type", "string"}}}}},
          {"required", {"status", "request_id", "location"}}}},
        {"Token", text_schema("A JSON Web Token.")},
        {"Text", {{"type", "string"}}},
        {"Claims",
         {{"type", "object"},
          {"properties",
           {{"admin", {{"type", "boolean"}}},
            {"exp", {{"type", "integer"}}},
            {"iat", {{"type", "integer"}}},
            {"username", {{"type", "string"}}}}},
          {"required", {"admin", "exp", "iat", "username"}}}},
        {"NewUser",
         {{"type", "object"},
          {"properties",
           {{"username", {{"type", "string"}, {"format", "email"}}},
            {"password", {{"type", "string"}, {"format", "password"}, {"minLength", 8}}},
            {"admin",
             {{"type", "boolean"},
              {"default", false},
              {"description", "An administrator; only administrators make one."}}}}},
          {"required", {"username", "password"}},
          {"additionalProperties", false}}},
        {"Notifications",
         {{"type", "object"},
          {"properties", {{"mail", {{"type", "boolean"}, {"description", "Whether each prediction is mailed."}}}}},
          {"required", {"mail"}},
          {"additionalProperties", false}}},
        {"User",
         {{"type", "object"},
          {"properties",
           {{"username", {{"type", "string"}, {"format", "email"}}},
            {"id", {{"type", "string"}, {"format", "uuid"}}},
            {"admin", {{"type", "boolean"}}},
            {"notifications", reference("schemas", "Notifications")},
            {"created_at", text_schema("UTC: 2022-12-29 00:07:11.830677")}}},
          {"required", {"username", "id", "admin", "notifications", "created_at"}},
          {"additionalProperties", false}}},
    };
}

}  // namespace

std::string openapi_document(const std::vector<http::Route>& routes, std::string_view input_schema,
                             std::string_view output_schema) {
    const auto known = operations();
    json::object paths;
    for (const auto& route : routes) {
        const auto operation = known.find(route.method + ' ' + route.pattern);
        if (operation == known.end())
            throw std::logic_error("openapi: nobody described " + route.method + ' ' + route.pattern);
        auto& path = paths[route.pattern];
        if (!path.is_object()) path.emplace_object();
        std::string method = route.method;
        std::transform(method.begin(), method.end(), method.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        path.get_object()[method] = describe(route, operation->second);
    }
    const json::object security{{"bearer", {{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "JWT"}}},
                                {"basic", {{"type", "http"}, {"scheme", "basic"}}}};
    const json::object document{
        {"openapi", "3.1.0"},
        {"info",
         {{"title", "Nearline gateway"},
          {"version", version()},
          {"description", "Near-real-time predictions: log in, send an observation, get its prediction."},
          {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
        {"paths", paths},
        {"components",
         {{"schemas", schemas(output_schema)},
          {"parameters", parameters()},
          {"headers", headers()},
          {"securitySchemes", security}}}};
    auto text = json::serialize(document);
    replace(text, input_place, input_schema);
    replace(text, output_place, output_schema);
    return text;
}

std::string index_document(const std::vector<http::Route>& routes) {
    json::array all;
    for (const auto& route : routes) {
        all.push_back({{"method", route.method}, {"path", route.pattern}, {"summary", route.summary}});
    }
    const json::object index{
        {"service", "nearline gateway"}, {"documentation", "/openapi.json"}, {"routes", std::move(all)}};
    return json::serialize(index) + '\n';
}

}  // namespace nearline::gateway
