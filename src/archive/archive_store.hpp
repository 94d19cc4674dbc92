#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/prediction_reader.hpp"
#include "stream/record.hpp"

namespace nearline::archive {

/// A record of the output topic as it is archived.
struct Document {
    ArchivedPrediction entry;
    stream::TopicPartition at;   ///< where the record is, or was
    std::int64_t offset = 0;     ///< there
    std::int64_t timestamp = 0;  ///< the record's own time, ms since 1970-01-01 UTC; without one its prediction's
};

/// How old archived predictions become, by their records' own time; nothing: for ever.
using Retention = std::optional<std::chrono::hours>;

/// The oldest time that a record may have and still be kept, ms since 1970-01-01 UTC.
std::int64_t oldest_kept(Retention keep);

/// Where predictions are archived: one document for each request id. Implementations are thread-safe and
/// block; they throw Unavailable when the database can't do it now.
class ArchiveStore {
public:
    virtual ~ArchiveStore() = default;

    /// What /readyz calls it: "mongodb", "archive database".
    virtual std::string dependency() const = 0;

    /// Makes tables and indexes, and sets the retention; before anything else, and again after it threw
    /// Unavailable. Throws std::runtime_error where waiting can't help.
    virtual void prepare() = 0;

    struct Refused {
        std::size_t index;   ///< of the document in the batch
        std::string reason;  ///< the database's words
    };
    /// Stores what is new of the batch, durably: a prediction (status 200) takes the place of a failure with
    /// its id, otherwise the first of an id stays. Gives the documents that the database refuses for
    /// themselves; the others are stored. After Unavailable any of them may be stored: write them again.
    virtual std::vector<Refused> write(std::span<const Document> batch) = 0;

    /// Removes at most `most` documents that are past the retention; how many. Does nothing where the database
    /// does so by itself.
    virtual std::size_t sweep(std::size_t most) = 0;
};

struct Options {
    std::string url;         ///< sqlite:FILE, or mongodb://user@host:27017/database
    std::string password{};  ///< MONGODB_PASSWORD
    Retention keep{};
};

/// What is wrong with the URL, or "". For Settings.
std::string check_archive_url(const std::string& url);

/// What is wrong with a URL that passes check_archive_url() and a password, or none, together; or "".
std::string check_archive_password(const std::string& url, bool has_password);

/// For a URL that passes check_archive_url(); throws std::invalid_argument for another. Connects to nothing
/// yet: prepare() does.
std::unique_ptr<ArchiveStore> make_archive_store(const Options& options);

/// Reads what such a store has; may be made before the store is prepared.
std::unique_ptr<PredictionReader> make_prediction_reader(const Options& options);

}  // namespace nearline::archive
