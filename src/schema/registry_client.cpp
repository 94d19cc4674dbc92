#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <unordered_map>

#include "schema/curl_session.hpp"
#include "schema/registry.hpp"

namespace nearline::schema {
namespace {

namespace json = boost::json;

constexpr std::size_t max_cached_schemas = 10'000;

/// Confluent's error codes that mean "there is no such thing", rather than "there is no such path".
constexpr std::int64_t subject_not_found = 40401;
constexpr std::int64_t schema_not_found = 40403;

std::string text_of(const json::value& document, const char* member) {
    const auto* object = document.if_object();
    const auto* value = object != nullptr ? object->if_contains(member) : nullptr;
    if (value == nullptr || !value->is_string()) return {};
    return std::string(value->get_string().data(), value->get_string().size());
}

std::optional<std::int64_t> number_of(const json::value& document, const char* member) {
    const auto* object = document.if_object();
    const auto* value = object != nullptr ? object->if_contains(member) : nullptr;
    if (value == nullptr || !value->is_int64()) return std::nullopt;
    return value->get_int64();
}

/// The registry's answer to one question.
struct Answer {
    int status = 0;
    json::value document;  ///< null where the body is no JSON
    std::string message;   ///< of an error, bounded; the body's beginning where it is no JSON

    bool is_not_found() const {
        const auto code = number_of(document, "error_code").value_or(0);
        return status == 404 && (code == subject_not_found || code == schema_not_found);
    }
};

Answer to_answer(const HttpAnswer& http) {
    Answer answer{.status = http.status, .document = {}, .message = {}};
    json::error_code error;
    answer.document = json::parse(json::string_view(http.body.data(), http.body.size()), error);
    if (error) answer.document = nullptr;
    if (http.status < 200 || http.status >= 300) {
        constexpr std::size_t most = 500;
        answer.message = text_of(answer.document, "message");
        if (answer.message.empty()) answer.message = http.body;
        answer.message = answer.message.substr(0, most);
    }
    return answer;
}

class RegistryClient final : public Registry {
public:
    RegistryClient(const RegistryClientOptions& options, Metrics& metrics)
        : sessions_(options),
          metrics_(metrics),
          seconds_(metrics.histogram("nearline_registry_request_seconds", "Time of requests to the schema registry")) {}

    Result<std::int32_t> register_schema(const std::string& subject, const std::string& schema) override {
        const auto body = json::serialize(json::value{{"schemaType", "JSON"}, {"schema", schema}});
        const auto path = "/subjects/" + percent_encode(subject);
        // Asked for first: what is there already needs neither the right to write nor the compatibility check.
        auto answer = ask("lookup", path, body);
        if (answer.is_not_found()) {
            answer = ask("register", path + "/versions", body);
            // Apicurio refuses the later of two that register the same new subject at once: the schema is there now.
            if (answer.status == 409) {
                if (auto now = ask("lookup", path, body); now.status == 200) answer = std::move(now);
            }
        }
        if (answer.status == 200) {
            if (const auto id = number_of(answer.document, "id")) {
                return {boost::system::in_place_value, static_cast<std::int32_t>(*id)};
            }
            throw Unavailable(sessions_.name() + " answered a registration without an id");
        }
        // A proxy, a wrong password or path can be mended meanwhile, and says nothing of the schema.
        if (!is_refusal(answer.status)) expect_ok(answer);
        return Problem{
            .status = answer.status,
            .title = "Schema refused by the registry",
            .detail = sessions_.name() + " refuses the schema of subject " + subject + ": " + answer.message};
    }

    std::optional<std::string> schema_by_id(std::int32_t id) override {
        {
            const std::shared_lock lock(mutex_);
            if (const auto known = schemas_.find(id); known != schemas_.end()) return known->second;
        }
        const auto answer = ask("schema", "/schemas/ids/" + std::to_string(id), {});
        if (answer.is_not_found()) return std::nullopt;
        expect_ok(answer);
        auto schema = text_of(answer.document, "schema");
        if (schema.empty())
            throw Unavailable(sessions_.name() + " answered without a schema for id " + std::to_string(id));
        const std::unique_lock lock(mutex_);
        if (schemas_.size() < max_cached_schemas) schemas_.emplace(id, schema);
        return schema;
    }

    std::vector<std::string> subjects_of(std::int32_t id) override {
        // Not /schemas/ids/{id}/subjects, which Apicurio does not have.
        const auto answer = ask("subjects", "/schemas/ids/" + std::to_string(id) + "/versions?deleted=true", {});
        if (answer.is_not_found()) return {};
        expect_ok(answer);
        if (!answer.document.is_array()) throw Unavailable(sessions_.name() + " answered no list of versions");
        std::set<std::string> subjects;
        for (const auto& version : answer.document.get_array()) {
            if (auto subject = text_of(version, "subject"); !subject.empty()) subjects.insert(std::move(subject));
        }
        return {subjects.begin(), subjects.end()};
    }

private:
    /// Throws Unavailable for what waiting can help against.
    Answer ask(const std::string& operation, const std::string& path, const std::string& body) {
        const auto start = std::chrono::steady_clock::now();
        try {
            auto answer = to_answer(sessions_.send(path, body));
            count(operation, answer.status, start);
            if (answer.status >= 500 || answer.status == 408 || answer.status == 425 || answer.status == 429) {
                throw Unavailable(sessions_.name() + " answered " + std::to_string(answer.status) + words_of(answer));
            }
            return answer;
        } catch (const TransportError& error) {
            count(operation, 0, start);
            throw Unavailable(sessions_.name() + " does not answer: " + error.what());
        }
    }

    void count(const std::string& operation, int status, std::chrono::steady_clock::time_point start) {
        seconds_.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        const std::string outcome = status == 0 ? "none" : std::to_string(status / 100) + "xx";
        metrics_
            .counter("nearline_registry_requests_total", "Requests to the schema registry by the class of their answer",
                     {{"operation", operation}, {"status", outcome}})
            .add();
    }

    void expect_ok(const Answer& answer) const {
        if (answer.status == 404) throw Unavailable(wrong_path(answer));
        if (answer.status != 200) {
            throw Unavailable(sessions_.name() + " answered " + std::to_string(answer.status) + words_of(answer) +
                              advice(answer.status));
        }
    }

    static std::string words_of(const Answer& answer) { return answer.message.empty() ? "" : ": " + answer.message; }

    /// Of a schema by itself: not compatible, no schema, too large.
    static bool is_refusal(int status) { return status == 400 || status == 409 || status == 413 || status == 422; }

    std::string wrong_path(const Answer& answer) const {
        return sessions_.name() + " has no such path (404: " + answer.message +
               "); does its URL need a base path, as in http://registry:8080/apis/ccompat/v7?";
    }

    static std::string advice(int status) {
        if (status >= 300 && status < 400) return " (a redirect, which is not followed: give the URL that it leads to)";
        return status == 401 || status == 403 ? " (give the registry's user and REGISTRY_PASSWORD)" : "";
    }

    CurlSessions sessions_;
    Metrics& metrics_;
    Histogram seconds_;
    std::shared_mutex mutex_;
    std::unordered_map<std::int32_t, std::string> schemas_;  // an id's schema never changes
};

}  // namespace

std::unique_ptr<Registry> make_registry_client(const RegistryClientOptions& options, Metrics& metrics) {
    return std::make_unique<RegistryClient>(options, metrics);
}

}  // namespace nearline::schema
