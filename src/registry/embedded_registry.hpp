#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/compatibility.hpp"
#include "schema/registry.hpp"

namespace nearline::registry {

/// What Confluent's REST API answers to a request that can't be carried out: 40401, 409, 42201, …
struct RegistryError {
    int code = 0;
    std::string message;

    /// The HTTP status: the code's first three digits.
    int status() const noexcept { return code >= 1000 ? code / 100 : code; }
};

[[noreturn]] void throw_exception_from_error(const RegistryError& error, const boost::source_location& where);

template <class T>
using Answer = boost::system::result<T, RegistryError>;

/// In bytes.
inline constexpr std::size_t longest_subject = 255;
/// Why no subject may have this name (42208): it is empty, too long, or no UTF-8, which no answer could list.
std::optional<RegistryError> subject_problem(const std::string& subject);

/// One version of a subject's schema.
struct SchemaVersion {
    std::string subject;
    int version = 0;  ///< from 1
    std::int32_t id = 0;
    std::string schema;  ///< as it was registered first
    bool deleted = false;
};

/// Which versions count: those in use, the soft-deleted too, or these alone. A subject is deleted when all its
/// versions are.
enum class Scope { in_use, with_deleted, deleted };

/// A version by its number, or the last one.
struct VersionName {
    std::optional<int> number;  ///< nothing: latest

    /// "7", "latest" or "-1"; 42202 for other texts.
    static Answer<VersionName> parse(const std::string& text);
};

/// A schema registry in this process, kept in an SQLite file: JSON Schemas only, one id for schemas that
/// are equal but for white space and the order of keys. An id is given out once and keeps its meaning, also
/// when all its versions are deleted. Changes are on the disk when a call returns. Thread-safe; calls take
/// well below a millisecond, changes as long as the disk. Throws Unavailable while the file can't be
/// used, std::runtime_error when it is none of ours.
class EmbeddedRegistry final : public schema::Registry {
public:
    /// Makes the file where it is missing.
    explicit EmbeddedRegistry(const std::string& file);
    ~EmbeddedRegistry() override;

    Result<std::int32_t> register_schema(const std::string& subject, const std::string& schema) override;
    std::optional<std::string> schema_by_id(std::int32_t id) override;
    std::vector<std::string> subjects_of(std::int32_t id) override;

    // What the REST API asks for (registry_routes.hpp).

    std::vector<std::string> subjects(Scope scope, const std::string& prefix);
    Answer<std::vector<int>> versions(const std::string& subject, Scope scope);
    Answer<SchemaVersion> version(const std::string& subject, VersionName name, Scope scope);
    /// Every version with this id; 40403 for an id that is not in use.
    Answer<std::vector<SchemaVersion>> versions_of(std::int32_t id, Scope scope);

    /// 42208 no name for a subject, 42201 no schema, 409 not compatible.
    Answer<SchemaVersion> add(const std::string& subject, const std::string& schema);
    /// The version of a subject that has this schema.
    Answer<SchemaVersion> find(const std::string& subject, const std::string& schema, Scope scope);
    /// Why the schema may not become the subject's next, asked of all the versions that the level looks at,
    /// or of one alone; empty: it may.
    Answer<std::vector<std::string>> check(const std::string& subject, const std::string& schema,
                                           std::optional<VersionName> against);

    /// The deleted versions. Permanently only what was deleted before.
    Answer<std::vector<int>> delete_subject(const std::string& subject, bool permanent);
    Answer<int> delete_version(const std::string& subject, VersionName name, bool permanent);

    /// The level for all subjects without one of their own; BACKWARD where none was set.
    Compatibility compatibility();
    std::optional<Compatibility> compatibility(const std::string& subject);
    /// For all subjects where `subject` is empty. Nothing takes the setting back; gives the one before.
    std::optional<Compatibility> set_compatibility(const std::string& subject, std::optional<Compatibility> level);

    /// For the end of the process: comparisons of schemas, those under way too, throw Unavailable from now on.
    void stop_comparing() noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace nearline::registry
