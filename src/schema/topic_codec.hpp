#pragma once

#include <boost/json/fwd.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "domain/rejection.hpp"
#include "domain/time.hpp"
#include "schema/json_schema.hpp"
#include "schema/registry.hpp"

namespace nearline::schema {

/// Writes and reads the values of one topic: framed JSON under the subject "<topic>-value". Thread-safe.
class TopicCodec {
public:
    struct Options {
        std::string topic;
        std::string schema;  ///< the text of the writer's own schema
        /// An id that the registry does not know counts as poison only after asking again for so long: it
        /// may have been registered a moment ago, on another node.
        std::chrono::milliseconds unknown_id_patience{2'000};
        std::chrono::milliseconds unknown_id_memory{60'000};  ///< how long a no is remembered
    };
    /// `registry` must outlive it. Throws std::invalid_argument when the schema is none.
    TopicCodec(Registry& registry, Options options);
    ~TopicCodec();

    /// Registers its own schema, or finds its id; call before encode() until it succeeds. Throws
    /// Unavailable; a Problem when the registry refuses the schema for good.
    Result<std::int32_t> connect();
    bool connected() const noexcept;

    /// The JSON framed with the id of its own schema, never "latest". Precondition: connected().
    std::string encode(std::string_view json) const;

    /// Its own schema, to check what is going to be written.
    const JsonSchema& schema() const noexcept;

    using Decoded = std::variant<boost::json::value, Rejection>;
    /// The document in a record's value, checked against the schema that its frame names, or why there is
    /// none: no frame, unknown id, an id of another subject, no JSON, or schema broken. Blocks for ids it
    /// has not seen; throws Unavailable while the registry can't say.
    Decoded decode(const std::optional<std::string>& value);

    /// As decode(), but never blocks: nothing when the registry has to be asked.
    std::optional<Decoded> decode_cached(const std::optional<std::string>& value);

    /// Of somebody who asks again himself, for one value.
    struct Wait {
        SteadyTime until{};  ///< when to ask again
    private:
        friend class TopicCodec;
        std::optional<SteadyTime> since_{};
        std::chrono::milliseconds pause_{25};
    };
    /// As decode(), but asks the registry once at most: nothing where its no may still change, and `wait` says when to
    /// ask again.
    std::optional<Decoded> decode_once(const std::optional<std::string>& value, Wait& wait);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace nearline::schema
