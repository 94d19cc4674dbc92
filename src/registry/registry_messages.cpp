#include "registry/registry_messages.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>

#include "domain/json.hpp"
#include "domain/whole_number.hpp"

namespace nearline::registry {
namespace {

namespace json = boost::json;

const char* const content_type = "application/vnd.schemaregistry.v1+json";

std::string upper(std::string_view text) {
    std::string copy(text);
    std::transform(copy.begin(), copy.end(), copy.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return copy;
}

Answer<json::object> read_object(const http::Request& request) {
    auto body = parse_json(request.body);
    if (!body) return RegistryError{400, body.error().detail};
    if (!body->is_object()) return RegistryError{400, "the body must be a JSON object"};
    return std::move(body->get_object());
}

std::optional<std::string> text_of(const json::object& object, const char* name) {
    const auto* value = object.if_contains(name);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return std::string(value->get_string().data(), value->get_string().size());
}

bool is_given(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (value == nullptr || value->is_null()) return false;
    return !(value->is_array() && value->get_array().empty());
}

/// A number of a query; `otherwise` where it is not there.
Answer<std::int64_t> read_number(const http::Request& request, const std::string& name, std::int64_t otherwise) {
    const auto found = request.query.find(name);
    if (found == request.query.end()) return {boost::system::in_place_value, otherwise};
    const auto& text = found->second;
    const bool is_negative = text.starts_with('-');
    const auto number = parse_whole_number<std::int64_t>(std::string_view(text).substr(is_negative ? 1 : 0));
    if (!number) return RegistryError{400, name + " must be a whole number, not '" + text.substr(0, 100) + "'"};
    return {boost::system::in_place_value, is_negative ? -*number : *number};
}

RegistryError invalid_schema(std::string message) {
    return {42201, std::move(message)};
}

Answer<std::string> schema_in(const json::object& body) {
    const auto type = text_of(body, "schemaType");
    if (!type || upper(*type) != "JSON") {
        return invalid_schema(
            "This registry keeps JSON Schemas only: send \"schemaType\":\"JSON\" with the schema" +
            (type ? ", not \"" + type->substr(0, 50) + "\"" : " (without it, Confluent's API means AVRO)"));
    }
    if (is_given(body, "references")) {
        return invalid_schema(
            "This registry keeps schemas without references to other subjects: put what they refer to under "
            "\"definitions\" in the schema itself");
    }
    for (const auto* unknown : {"metadata", "ruleSet"}) {
        if (is_given(body, unknown)) return invalid_schema(std::string("This registry keeps no \"") + unknown + "\"");
    }
    auto schema = text_of(body, "schema");
    if (!schema || schema->empty()) {
        return invalid_schema(is_given(body, "schema")
                                  ? "\"schema\" must be a string that holds the schema as JSON, not the schema itself"
                                  : "Empty schema: \"schema\" is missing");
    }
    return std::move(*schema);
}

}  // namespace

http::Response reply(const json::value& document, int status) {
    return {.status = status, .headers = {{"Content-Type", content_type}}, .body = json::serialize(document)};
}

http::Response reply(const RegistryError& error) {
    return reply({{"error_code", error.code}, {"message", error.message}}, error.status());
}

bool flag(const http::Request& request, const std::string& name) {
    const auto found = request.query.find(name);
    return found != request.query.end() && upper(found->second) == "TRUE";
}

Scope scope(const http::Request& request) {
    return flag(request, "deleted") ? Scope::with_deleted : Scope::in_use;
}

Answer<Listing> read_listing(const http::Request& request) {
    const auto offset = read_number(request, "offset", 0);
    if (!offset) return offset.error();
    const auto limit = read_number(request, "limit", -1);
    if (!limit) return limit.error();
    Listing listing{.scope = flag(request, "deletedOnly") ? Scope::deleted : scope(request),
                    .offset = static_cast<std::size_t>(std::max<std::int64_t>(*offset, 0))};
    if (*limit >= 0) listing.limit = static_cast<std::size_t>(*limit);
    return listing;
}

Answer<std::string> read_new_schema(const http::Request& request) {
    const auto body = read_object(request);
    if (!body) return body.error();
    for (const auto* given : {"id", "version"}) {
        const auto* value = body->if_contains(given);
        const bool is_none =
            value != nullptr && value->is_int64() && value->get_int64() <= 0;  // as Java clients say it
        if (is_none || !is_given(*body, given)) continue;
        return RegistryError{42205, "Subject " + read_subject(request) +
                                        " is not in import mode: this registry numbers ids and versions itself; leave "
                                        "out \"" +
                                        given + "\""};
    }
    return schema_in(*body);
}

Answer<std::string> read_schema(const http::Request& request) {
    const auto body = read_object(request);
    if (!body) return body.error();
    return schema_in(*body);
}

Answer<Compatibility> read_level(const http::Request& request) {
    const auto body = read_object(request);
    if (!body) return body.error();
    const auto text = text_of(*body, "compatibility");
    const auto level = text ? parse_compatibility(upper(*text)) : std::nullopt;
    if (!level) {
        return RegistryError{42203, "Invalid compatibility level. Valid values for \"compatibility\" are " +
                                        std::string(compatibility_names())};
    }
    for (const auto& [name, value] : *body) {
        const bool is_off = value.is_bool() && !value.get_bool();
        if (name == "compatibility" || is_off || !is_given(*body, name)) continue;
        return RegistryError{422, "This registry keeps no setting \"" + std::string(name) +
                                      "\": a subject's \"compatibility\" is all that can be set"};
    }
    return *level;
}

Answer<std::string> read_mode(const http::Request& request) {
    const auto body = read_object(request);
    if (!body) return body.error();
    const auto mode = text_of(*body, "mode");
    if (!mode) return RegistryError{42204, "Invalid mode: \"mode\" is missing"};
    return upper(*mode);
}

Answer<std::int32_t> read_id(const http::Request& request) {
    const auto& text = request.params.at("id");
    const auto id = parse_whole_number<std::int32_t>(text);
    if (!id) return RegistryError{40403, "Schema not found: '" + text.substr(0, 100) + "' is no id"};
    return {boost::system::in_place_value, *id};
}

Answer<VersionName> read_version(const http::Request& request) {
    return VersionName::parse(request.params.at("version"));
}

const std::string& read_subject(const http::Request& request) {
    return request.params.at("subject");
}

json::value to_document(const SchemaVersion& version) {
    return {{"subject", version.subject},
            {"id", version.id},
            {"version", version.version},
            {"schemaType", "JSON"},
            {"schema", version.schema}};
}

json::value to_document(const std::vector<SchemaVersion>& versions) {
    json::array list;
    for (const auto& one : versions) list.push_back({{"subject", one.subject}, {"version", one.version}});
    return list;
}

}  // namespace nearline::registry
