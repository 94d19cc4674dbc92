#include "registry/registry_api.hpp"

#include <boost/json/value.hpp>
#include <boost/json/value_from.hpp>
#include <set>
#include <string>
#include <vector>

#include "http/offload.hpp"
#include "registry/registry_messages.hpp"
#include "runtime/log.hpp"

namespace nearline::registry {
namespace {

namespace json = boost::json;
using http::Request;
using http::Response;

constexpr int max_waiting = 1'000;
constexpr const char* stopping = "The registry is stopping";

// --- schemas --------------------------------------------------------------------------------

Response get_types(EmbeddedRegistry&, const Request&) {
    return reply(json::array{"JSON"});
}

Response get_schema(EmbeddedRegistry& registry, const Request& request) {
    const auto id = read_id(request);
    if (!id) return reply(id.error());
    const auto versions = registry.versions_of(*id, Scope::with_deleted);
    if (!versions) return reply(versions.error());
    return reply({{"schemaType", "JSON"}, {"schema", versions->front().schema}});
}

Response get_schema_text(EmbeddedRegistry& registry, const Request& request) {
    const auto id = read_id(request);
    if (!id) return reply(id.error());
    const auto versions = registry.versions_of(*id, Scope::with_deleted);
    if (!versions) return reply(versions.error());
    auto response = reply(nullptr);
    response.body = versions->front().schema;
    return response;
}

Response get_schema_versions(EmbeddedRegistry& registry, const Request& request) {
    const auto id = read_id(request);
    if (!id) return reply(id.error());
    const auto listing = read_listing(request);
    if (!listing) return reply(listing.error());
    const auto versions = registry.versions_of(*id, listing->scope);
    return versions ? reply(to_document(listing->cut(*versions))) : reply(versions.error());
}

Response get_schema_subjects(EmbeddedRegistry& registry, const Request& request) {
    const auto id = read_id(request);
    if (!id) return reply(id.error());
    const auto listing = read_listing(request);
    if (!listing) return reply(listing.error());
    const auto versions = registry.versions_of(*id, listing->scope);
    if (!versions) return reply(versions.error());
    std::set<std::string> subjects;
    for (const auto& one : *versions) subjects.insert(one.subject);
    return reply(json::value_from(listing->cut(std::vector(subjects.begin(), subjects.end()))));
}

// --- subjects and versions ------------------------------------------------------------------

Response get_subjects(EmbeddedRegistry& registry, const Request& request) {
    const auto listing = read_listing(request);
    if (!listing) return reply(listing.error());
    const auto prefix = request.query.find("subjectPrefix");
    return reply(json::value_from(listing->cut(
        registry.subjects(listing->scope, prefix == request.query.end() ? std::string() : prefix->second))));
}

Response lookup(EmbeddedRegistry& registry, const Request& request) {
    const auto schema = read_schema(request);
    if (!schema) return reply(schema.error());
    const auto version = registry.find(read_subject(request), *schema, scope(request));
    return version ? reply(to_document(*version)) : reply(version.error());
}

Response delete_subject(EmbeddedRegistry& registry, const Request& request) {
    const auto versions = registry.delete_subject(read_subject(request), flag(request, "permanent"));
    return versions ? reply(json::value_from(*versions)) : reply(versions.error());
}

Response get_versions(EmbeddedRegistry& registry, const Request& request) {
    const auto listing = read_listing(request);
    if (!listing) return reply(listing.error());
    const auto versions = registry.versions(read_subject(request), listing->scope);
    return versions ? reply(json::value_from(listing->cut(*versions))) : reply(versions.error());
}

Response register_schema(EmbeddedRegistry& registry, const Request& request) {
    const auto schema = read_new_schema(request);
    if (!schema) return reply(schema.error());
    const auto version = registry.add(read_subject(request), *schema);
    return version ? reply({{"id", version->id}}) : reply(version.error());
}

Answer<SchemaVersion> find_version(EmbeddedRegistry& registry, const Request& request) {
    const auto name = read_version(request);
    if (!name) return name.error();
    return registry.version(read_subject(request), *name, scope(request));
}

Response get_version(EmbeddedRegistry& registry, const Request& request) {
    const auto version = find_version(registry, request);
    return version ? reply(to_document(*version)) : reply(version.error());
}

Response get_version_text(EmbeddedRegistry& registry, const Request& request) {
    const auto version = find_version(registry, request);
    if (!version) return reply(version.error());
    auto response = reply(nullptr);
    response.body = version->schema;
    return response;
}

/// Schemas refer to no other subjects here.
Response get_referenced_by(EmbeddedRegistry& registry, const Request& request) {
    const auto version = find_version(registry, request);
    return version ? reply(json::array{}) : reply(version.error());
}

Response delete_version(EmbeddedRegistry& registry, const Request& request) {
    const auto name = read_version(request);
    if (!name) return reply(name.error());
    const auto version = registry.delete_version(read_subject(request), *name, flag(request, "permanent"));
    return version ? reply(json::value(*version)) : reply(version.error());
}

// --- compatibility --------------------------------------------------------------------------

Response check(EmbeddedRegistry& registry, const Request& request, std::optional<VersionName> against) {
    const auto schema = read_schema(request);
    if (!schema) return reply(schema.error());
    const auto reasons = registry.check(read_subject(request), *schema, against);
    if (!reasons) return reply(reasons.error());
    json::object answer{{"is_compatible", reasons->empty()}};
    if (flag(request, "verbose")) answer["messages"] = json::value_from(*reasons);
    return reply(answer);
}

Response check_all(EmbeddedRegistry& registry, const Request& request) {
    return check(registry, request, std::nullopt);
}

Response check_version(EmbeddedRegistry& registry, const Request& request) {
    const auto name = read_version(request);
    return name ? check(registry, request, *name) : reply(name.error());
}

Response no_subject_level(const std::string& subject) {
    return reply(
        RegistryError{40408, "Subject '" + subject + "' does not have subject-level compatibility configured"});
}

Response reply_level(const char* name, Compatibility level) {
    return reply({{name, to_string(level)}});
}

Response get_level(EmbeddedRegistry& registry, const Request&) {
    return reply_level("compatibilityLevel", registry.compatibility());
}

Response get_subject_level(EmbeddedRegistry& registry, const Request& request) {
    const auto own = registry.compatibility(read_subject(request));
    if (own) return reply_level("compatibilityLevel", *own);
    if (flag(request, "defaultToGlobal")) return reply_level("compatibilityLevel", registry.compatibility());
    return no_subject_level(read_subject(request));
}

Response put_level_of(EmbeddedRegistry& registry, const Request& request, const std::string& subject) {
    const auto level = read_level(request);
    if (!level) return reply(level.error());
    registry.set_compatibility(subject, *level);
    return reply_level("compatibility", *level);
}

Response put_level(EmbeddedRegistry& registry, const Request& request) {
    return put_level_of(registry, request, {});
}

Response put_subject_level(EmbeddedRegistry& registry, const Request& request) {
    return put_level_of(registry, request, read_subject(request));
}

Response delete_level(EmbeddedRegistry& registry, const Request&) {
    const auto before = registry.compatibility();
    registry.set_compatibility({}, std::nullopt);
    return reply_level("compatibilityLevel", before);
}

Response delete_subject_level(EmbeddedRegistry& registry, const Request& request) {
    const auto before = registry.set_compatibility(read_subject(request), std::nullopt);
    return before ? reply_level("compatibilityLevel", *before) : no_subject_level(read_subject(request));
}

// --- what Confluent's clients ask for beside ------------------------------------------------

Response get_mode(EmbeddedRegistry&, const Request&) {
    return reply({{"mode", "READWRITE"}});
}

Response no_subject_mode(const std::string& subject) {
    return reply(RegistryError{
        40409, "Subject '" + subject + "' does not have subject-level mode configured: all are READWRITE"});
}

Response get_subject_mode(EmbeddedRegistry& registry, const Request& request) {
    if (flag(request, "defaultToGlobal")) return get_mode(registry, request);
    return no_subject_mode(read_subject(request));
}

/// There is none to take back.
Response delete_subject_mode(EmbeddedRegistry&, const Request& request) {
    return no_subject_mode(read_subject(request));
}

Response put_mode(EmbeddedRegistry& registry, const Request& request) {
    const auto mode = read_mode(request);
    if (!mode) return reply(mode.error());
    if (*mode == "READWRITE") return get_mode(registry, request);
    return reply(RegistryError{42204, "Invalid mode. This registry is always READWRITE"});
}

Response get_contexts(EmbeddedRegistry&, const Request&) {
    return reply(json::array{"."});
}

Response get_root(EmbeddedRegistry&, const Request&) {
    return reply(json::object{});
}

/// confluent-kafka asks which subject belongs to a topic, and takes 404 for "<topic>-value".
Response get_associations(EmbeddedRegistry&, const Request&) {
    return reply(RegistryError{40403, "This registry keeps no associations"});
}

}  // namespace

Response write_problem(const Problem& problem) {
    // To the letter for what clients meet when they look for a call that this registry does not have.
    const bool is_unknown_call = problem.status == 404 || problem.status == 405;
    auto response = reply(
        RegistryError{problem.status, is_unknown_call ? "HTTP " + std::to_string(problem.status) + " " + problem.title
                                                      : problem.title + ": " + problem.detail});
    const auto usual = http::to_response(problem);
    for (const auto& [name, value] : usual.headers.all()) {
        if (!response.headers.find(name)) response.headers.add(name, value);
    }
    return response;
}

RegistryApi::RegistryApi(EmbeddedRegistry& registry) : registry_(registry) {}

void RegistryApi::give_up() noexcept {
    stopping_ = true;
    registry_.stop_comparing();
}

RegistryApi::~RegistryApi() {
    give_up();
    pool_.join();
}

http::Handler RegistryApi::on_thread(Work work) {
    return [this, work](const Request& request) -> boost::asio::awaitable<Response> {
        if (waiting_ >= max_waiting) {
            auto busy = reply(RegistryError{503, "Too many requests are waiting; try again in a second"});
            busy.headers.add("Retry-After", "1");
            co_return busy;
        }
        ++waiting_;
        // A copy of the request: a server that is stopped hard does not wait for the work. A variable, not a
        // temporary: GCC 12 destroys some of those twice in a co_await expression.
        const std::function<Response()> job = [this, work, request] {
            --waiting_;
            return answer(work, request);
        };
        auto response = co_await http::offload(pool_, job);
        co_return response;
    };
}

Response RegistryApi::answer(Work work, const Request& request) {
    if (stopping_) return reply(RegistryError{503, stopping});
    // What an earlier release took can still be deleted.
    const auto subject = request.params.find("subject");
    if (subject != request.params.end() && request.method != "DELETE") {
        if (const auto problem = subject_problem(subject->second)) return reply(*problem);
    }
    try {
        return work(registry_, request);
    } catch (const Unavailable& error) {
        if (stopping_) return reply(RegistryError{503, stopping});
        log::error("the registry's file can't be used", {{"request_id", request.request_id}, {"why", error.what()}});
        // Without the reason: it has the file's path.
        return reply(
            RegistryError{503, "Error in the backend data store; its log has the reason under " + request.request_id});
    } catch (const std::exception& error) {
        log::error("a request to the registry failed",
                   {{"request_id", request.request_id}, {"path", request.path}, {"why", error.what()}});
        return reply(RegistryError{500, "The registry failed; its log has the reason under " + request.request_id});
    }
}

http::Router RegistryApi::routes() {
    const auto on = [this](Work work) { return on_thread(work); };
    return {
        {"GET", "/", on(get_root), "Whether it is there"},
        {"GET", "/subjects", on(get_subjects), "The subjects' names"},
        {"POST", "/subjects/{subject}", on(lookup), "The version of a subject that has this schema"},
        {"DELETE", "/subjects/{subject}", on(delete_subject), "Deletes a subject, softly or with permanent=true"},
        {"GET", "/subjects/{subject}/versions", on(get_versions), "A subject's versions"},
        {"POST", "/subjects/{subject}/versions", on(register_schema), "Registers a schema, and gives its id"},
        {"GET", "/subjects/{subject}/versions/{version}", on(get_version), "One version: a number, or latest"},
        {"DELETE", "/subjects/{subject}/versions/{version}", on(delete_version), "Deletes a version"},
        {"GET", "/subjects/{subject}/versions/{version}/schema", on(get_version_text), "One version's schema alone"},
        {"GET", "/subjects/{subject}/versions/{version}/referencedby", on(get_referenced_by), "Always empty"},
        {"GET", "/schemas/types", on(get_types), "The kinds of schemas it keeps: JSON"},
        {"GET", "/schemas/ids/{id}", on(get_schema), "A schema by its id"},
        {"GET", "/schemas/ids/{id}/schema", on(get_schema_text), "A schema by its id, alone"},
        {"GET", "/schemas/ids/{id}/versions", on(get_schema_versions), "The versions that have this schema"},
        {"GET", "/schemas/ids/{id}/subjects", on(get_schema_subjects), "The subjects that have this schema"},
        {"POST", "/compatibility/subjects/{subject}/versions", on(check_all), "Whether a schema may be registered"},
        {"POST", "/compatibility/subjects/{subject}/versions/{version}", on(check_version),
         "Whether a schema may follow one version"},
        {"GET", "/config", on(get_level), "The compatibility level of subjects without one of their own"},
        {"PUT", "/config", on(put_level), "Sets it"},
        {"DELETE", "/config", on(delete_level), "Sets it back to BACKWARD"},
        // What python-schema-registry-client asks for where it means /config.
        {"GET", "/config/", on(get_level), "As /config"},
        {"PUT", "/config/", on(put_level), "As /config"},
        {"GET", "/config/{subject}", on(get_subject_level), "A subject's own compatibility level"},
        {"PUT", "/config/{subject}", on(put_subject_level), "Sets it"},
        {"DELETE", "/config/{subject}", on(delete_subject_level), "Takes it back"},
        {"GET", "/mode", on(get_mode), "Always READWRITE"},
        {"PUT", "/mode", on(put_mode), "Takes READWRITE only"},
        {"PUT", "/mode/{subject}", on(put_mode), "Takes READWRITE only"},
        {"GET", "/mode/{subject}", on(get_subject_mode), "A subject has no mode of its own"},
        {"DELETE", "/mode/{subject}", on(delete_subject_mode), "A subject has no mode of its own"},
        {"GET", "/contexts", on(get_contexts), "There is only the default one"},
        {"GET", "/associations/resources/{namespace}/{name}", on(get_associations), "There are none: 404"},
    };
}

}  // namespace nearline::registry
