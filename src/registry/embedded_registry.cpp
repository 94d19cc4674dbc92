#include "registry/embedded_registry.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <algorithm>
#include <atomic>
#include <boost/json/value.hpp>
#include <mutex>
#include <set>
#include <stdexcept>

#include "domain/json.hpp"
#include "domain/whole_number.hpp"
#include "registry/registry_tables.hpp"
#include "schema/json_schema.hpp"
#include "store/sqlite.hpp"

namespace nearline::registry {
namespace {

RegistryError no_subject(const std::string& subject) {
    if (subject_problem(subject)) return {40401, "Subject not found."};
    return {40401, "Subject '" + subject + "' not found."};
}
RegistryError no_version(int version) {
    return {40402, "Version " + std::to_string(version) + " not found."};
}
RegistryError no_schema() {
    return {40403, "Schema not found"};
}

/// A schema as it came and as it is compared.
struct Candidate {
    std::string text;
    std::string canonical;
};

Answer<Candidate> read_candidate(const std::string& subject, const std::string& text) {
    if (auto problem = subject_problem(subject)) return std::move(*problem);
    try {
        const auto compiled = schema::JsonSchema::compile(text);
        return Candidate{text, schema::canonical_form(text)};
    } catch (const std::invalid_argument& error) {
        return RegistryError{42201, std::string("Invalid schema: ") + error.what()};
    }
}

/// The position of the version that is meant; `versions` are those that count.
Answer<std::size_t> position(const std::string& subject, const std::vector<SchemaVersion>& versions, VersionName name) {
    if (versions.empty()) return no_subject(subject);
    if (!name.number) return {boost::system::in_place_value, versions.size() - 1};
    const auto found = std::find_if(versions.begin(), versions.end(),
                                    [&](const SchemaVersion& one) { return one.version == *name.number; });
    if (found == versions.end()) return no_version(*name.number);
    return {boost::system::in_place_value, static_cast<std::size_t>(found - versions.begin())};
}

std::vector<VersionedSchema> as_versioned(const std::vector<SchemaVersion>& versions) {
    std::vector<VersionedSchema> list;
    list.reserve(versions.size());
    for (const auto& one : versions) list.push_back({one.version, one.schema});
    return list;
}

std::string listed(const std::vector<std::string>& reasons) {
    constexpr std::size_t most = 10;
    std::string text;
    for (std::size_t i = 0; i < reasons.size() && i < most; ++i) text += (i > 0 ? "; " : "") + reasons[i];
    if (reasons.size() > most) text += "; and " + std::to_string(reasons.size() - most) + " more";
    return text;
}

}  // namespace

void throw_exception_from_error(const RegistryError& error, const boost::source_location&) {
    throw std::runtime_error(std::to_string(error.code) + ": " + error.message);
}

std::optional<RegistryError> subject_problem(const std::string& subject) {
    if (subject.empty()) return RegistryError{42208, "The subject's name is empty."};
    if (subject.size() > longest_subject) {
        return RegistryError{42208, "The subject's name is longer than " + std::to_string(longest_subject) + " bytes."};
    }
    // parse_json() takes no other text than UTF-8.
    if (!parse_json(quote_json(subject))) return RegistryError{42208, "The subject's name is not UTF-8."};
    return std::nullopt;
}

Answer<VersionName> VersionName::parse(const std::string& text) {
    if (text == "latest" || text == "-1") return VersionName{};
    const auto number = parse_whole_number<int>(text);
    if (!number || *number < 1) {
        return RegistryError{42202, "The specified version '" + text.substr(0, 100) +
                                        "' is not a valid version id. Allowed values are between [1, 2^31-1] and the "
                                        "string \"latest\""};
    }
    return VersionName{*number};
}

struct EmbeddedRegistry::Impl {
    explicit Impl(const std::string& file) : tables(file) {}

    template <class Work>
    auto read(Work work) {
        return transact(SQLite::TransactionBehavior::DEFERRED, std::move(work));
    }
    /// With the right to write from its beginning, so that what it has read still holds when it writes.
    template <class Work>
    auto change(Work work) {
        return transact(SQLite::TransactionBehavior::IMMEDIATE, std::move(work));
    }
    template <class Work>
    auto transact(SQLite::TransactionBehavior behavior, Work work) {
        const std::lock_guard lock(mutex);
        try {
            SQLite::Transaction transaction(tables.database(), behavior);
            auto result = work();
            transaction.commit();
            return result;
        } catch (const SQLite::Exception& error) {
            store::throw_sqlite(tables.database(), error);
        }
    }

    Compatibility level_of(const std::string& subject) {
        auto text = tables.level(subject);
        if (!text) text = tables.level("");
        return text ? parse_compatibility(*text).value_or(Compatibility::backward) : Compatibility::backward;
    }

    Answer<SchemaVersion> add(const std::string& subject, const Candidate& candidate) {
        const auto in_use = tables.versions(subject, Scope::in_use);
        const auto known_id = tables.find_id(candidate.canonical);
        const auto present = std::find_if(in_use.rbegin(), in_use.rend(),
                                          [&](const SchemaVersion& one) { return known_id && one.id == *known_id; });
        if (present != in_use.rend()) return *present;
        const auto level = level_of(subject);
        const auto reasons = incompatibilities(level, candidate.text, as_versioned(in_use), &stopped);
        if (!reasons.empty()) {
            return RegistryError{409, "Schema being registered is incompatible with an earlier schema for subject \"" +
                                          subject + "\" (compatibility " + std::string(to_string(level)) +
                                          "): " + listed(reasons)};
        }
        const auto all = tables.versions(subject, Scope::with_deleted);
        SchemaVersion version{.subject = subject,
                              .version = all.empty() ? 1 : all.back().version + 1,
                              .id = known_id ? *known_id : tables.insert_schema(candidate.canonical, candidate.text),
                              .schema = candidate.text};
        tables.insert_version(subject, version.version, version.id);
        return version;
    }

    std::atomic<bool> stopped{false};
    std::mutex mutex;
    RegistryTables tables;
};

EmbeddedRegistry::EmbeddedRegistry(const std::string& file) : impl_(std::make_unique<Impl>(file)) {}
EmbeddedRegistry::~EmbeddedRegistry() = default;

void EmbeddedRegistry::stop_comparing() noexcept {
    impl_->stopped = true;
}

Result<std::int32_t> EmbeddedRegistry::register_schema(const std::string& subject, const std::string& schema) {
    const auto added = add(subject, schema);
    if (added) return {boost::system::in_place_value, added->id};
    return Problem{.status = added.error().status(),
                   .title = "Schema refused by the registry",
                   .detail = "the embedded schema registry refuses the schema of subject " + subject + ": " +
                             added.error().message};
}

std::optional<std::string> EmbeddedRegistry::schema_by_id(std::int32_t id) {
    const auto versions = versions_of(id, Scope::with_deleted);
    if (!versions) return std::nullopt;
    return versions->front().schema;
}

std::vector<std::string> EmbeddedRegistry::subjects_of(std::int32_t id) {
    const auto versions = versions_of(id, Scope::with_deleted);
    if (!versions) return {};
    std::set<std::string> subjects;
    for (const auto& one : *versions) subjects.insert(one.subject);
    return {subjects.begin(), subjects.end()};
}

std::vector<std::string> EmbeddedRegistry::subjects(Scope scope, const std::string& prefix) {
    return impl_->read([&] { return impl_->tables.subjects(scope, prefix); });
}

Answer<std::vector<int>> EmbeddedRegistry::versions(const std::string& subject, Scope scope) {
    const auto found = impl_->read([&] { return impl_->tables.versions(subject, scope); });
    if (found.empty()) return no_subject(subject);
    std::vector<int> numbers;
    numbers.reserve(found.size());
    for (const auto& one : found) numbers.push_back(one.version);
    return numbers;
}

Answer<SchemaVersion> EmbeddedRegistry::version(const std::string& subject, VersionName name, Scope scope) {
    const auto found = impl_->read([&] { return impl_->tables.versions(subject, scope); });
    const auto at = position(subject, found, name);
    if (!at) return at.error();
    return found[*at];
}

Answer<std::vector<SchemaVersion>> EmbeddedRegistry::versions_of(std::int32_t id, Scope scope) {
    auto all = impl_->read([&] { return impl_->tables.versions_of(id, Scope::with_deleted); });
    if (all.empty()) return no_schema();
    std::erase_if(all, [&](const SchemaVersion& one) {
        return scope != Scope::with_deleted && one.deleted != (scope == Scope::deleted);
    });
    return all;
}

Answer<SchemaVersion> EmbeddedRegistry::add(const std::string& subject, const std::string& schema) {
    const auto candidate = read_candidate(subject, schema);
    if (!candidate) return candidate.error();
    return impl_->change([&] { return impl_->add(subject, *candidate); });
}

Answer<SchemaVersion> EmbeddedRegistry::find(const std::string& subject, const std::string& schema, Scope scope) {
    const auto candidate = read_candidate(subject, schema);
    if (!candidate) return candidate.error();
    return impl_->read([&]() -> Answer<SchemaVersion> {
        const auto versions = impl_->tables.versions(subject, scope);
        if (versions.empty()) return no_subject(subject);
        const auto id = impl_->tables.find_id(candidate->canonical);
        const auto found = std::find_if(versions.rbegin(), versions.rend(),
                                        [&](const SchemaVersion& one) { return id && one.id == *id; });
        if (found == versions.rend()) return no_schema();
        return *found;
    });
}

Answer<std::vector<std::string>> EmbeddedRegistry::check(const std::string& subject, const std::string& schema,
                                                         std::optional<VersionName> against) {
    const auto candidate = read_candidate(subject, schema);
    if (!candidate) return candidate.error();
    auto versions = impl_->read([&] { return impl_->tables.versions(subject, Scope::in_use); });
    if (against) {
        const auto at = position(subject, versions, *against);
        if (!at) return at.error();
        versions = {versions[*at]};
    }
    const auto level = impl_->read([&] { return impl_->level_of(subject); });
    return incompatibilities(level, candidate->text, as_versioned(versions), &impl_->stopped);
}

Answer<std::vector<int>> EmbeddedRegistry::delete_subject(const std::string& subject, bool permanent) {
    return impl_->change([&]() -> Answer<std::vector<int>> {
        const auto all = impl_->tables.versions(subject, Scope::with_deleted);
        if (all.empty()) return no_subject(subject);
        const bool is_deleted = std::all_of(all.begin(), all.end(), [](const auto& one) { return one.deleted; });
        if (permanent && !is_deleted) {
            return RegistryError{40405,
                                 "Subject '" + subject + "' was not deleted first before being permanently deleted"};
        }
        if (!permanent && is_deleted) {
            return RegistryError{
                40404, "Subject '" + subject + "' was soft deleted. Set permanent=true to delete permanently"};
        }
        std::vector<int> numbers;
        for (const auto& one : all) {
            if (permanent) {
                impl_->tables.erase(subject, one.version);
            } else if (!one.deleted) {
                impl_->tables.mark_deleted(subject, one.version);
            } else {
                continue;
            }
            numbers.push_back(one.version);
        }
        if (permanent) impl_->tables.set_level(subject, std::nullopt);
        return numbers;
    });
}

Answer<int> EmbeddedRegistry::delete_version(const std::string& subject, VersionName name, bool permanent) {
    return impl_->change([&]() -> Answer<int> {
        const bool latest_in_use = !permanent && !name.number;
        const auto all = impl_->tables.versions(subject, latest_in_use ? Scope::in_use : Scope::with_deleted);
        const auto at = position(subject, all, name);
        if (!at) return at.error();
        const auto& version = all[*at];
        const auto which = "Subject '" + subject + "' Version " + std::to_string(version.version);
        if (permanent && !version.deleted) {
            return RegistryError{40407, which + " was not deleted first before being permanently deleted"};
        }
        if (!permanent && version.deleted) {
            return RegistryError{40406, which + " was soft deleted. Set permanent=true to delete permanently"};
        }
        if (permanent) {
            impl_->tables.erase(subject, version.version);
        } else {
            impl_->tables.mark_deleted(subject, version.version);
        }
        return {boost::system::in_place_value, version.version};
    });
}

Compatibility EmbeddedRegistry::compatibility() {
    return impl_->read([&] { return impl_->level_of(""); });
}

std::optional<Compatibility> EmbeddedRegistry::compatibility(const std::string& subject) {
    const auto text = impl_->read([&] { return impl_->tables.level(subject); });
    return text ? parse_compatibility(*text) : std::nullopt;
}

std::optional<Compatibility> EmbeddedRegistry::set_compatibility(const std::string& subject,
                                                                 std::optional<Compatibility> level) {
    return impl_->change([&]() -> std::optional<Compatibility> {
        const auto before = impl_->tables.level(subject);
        impl_->tables.set_level(subject, level ? std::optional(std::string(to_string(*level))) : std::nullopt);
        return before ? parse_compatibility(*before) : std::nullopt;
    });
}

}  // namespace nearline::registry
