#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain/prediction.hpp"
#include "domain/time.hpp"

namespace nearline {

/// A prediction as the archive has it.
struct ArchivedPrediction {
    Uuid id;                   ///< the request id
    std::optional<Uuid> user;  ///< whose it is
    std::string body_digest;   ///< SHA-256 hex of the request's body; empty: unknown
    Prediction prediction;
};

/// Where a page of a listing goes on: after this prediction, newest first.
struct PageCursor {
    std::string created_at;
    Uuid id;
};

/// Reads archived predictions back. Implementations are thread-safe and block; they throw Unavailable
/// when the store can't answer.
class PredictionReader {
public:
    virtual ~PredictionReader() = default;

    virtual std::optional<ArchivedPrediction> find(const Uuid& id) = 0;

    /// At most `limit` predictions of one user, newest first, ties by id.
    virtual std::vector<ArchivedPrediction> list(const Uuid& user, int limit,
                                                 const std::optional<PageCursor>& after) = 0;
};

}  // namespace nearline
