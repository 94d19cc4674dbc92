#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "domain/prediction.hpp"
#include "domain/time.hpp"

namespace nearline {

/// How a request ended, as the archive has it.
struct ArchivedPrediction {
    Uuid id;                   ///< the request id
    std::optional<Uuid> user;  ///< whose it is; nothing: an outside producer's
    std::string body_digest;   ///< SHA-256 hex of the request's body; empty: unknown
    Prediction prediction;     ///< or the failure; its features in the order of the output topic's schema
};

/// Where a page of a listing goes on: after this prediction, newest first.
struct PageCursor {
    std::string created_at;  ///< as to_created_at() writes it
    Uuid id;
    friend bool operator==(const PageCursor&, const PageCursor&) = default;
};

/// A page ends with the prediction that brings it to so many bytes of size_in_bytes(): predictions can be large, and
/// a page of them is held in memory.
constexpr std::size_t most_page_bytes = 4UL << 20;

/// About what it takes in memory, and as JSON.
std::size_t size_in_bytes(const ArchivedPrediction& archived) noexcept;

/// Reads archived predictions back. What is past the archive's retention is not there any more, also where
/// the store has not yet removed it. Implementations are thread-safe and block, for a bounded time; they throw
/// Unavailable when the store can't answer.
class PredictionReader {
public:
    virtual ~PredictionReader() = default;

    /// The prediction with this request id, whoever's it is, or the failure; nothing: the archive has neither.
    virtual std::optional<ArchivedPrediction> find(const Uuid& id) = 0;

    /// At most `limit` predictions (status 200) of one user, the newest first: in falling order of created_at
    /// and, where that is the same, of id, both byte by byte; with `after` only those that come after it in
    /// this order, whether or not it is there itself. Failures are left out: a prediction that replaces one
    /// has another place, and going on from page to page would lose it. Fewer than `limit` where they bring it to
    /// most_page_bytes: those, and one more, which tells that there is more.
    virtual std::vector<ArchivedPrediction> list(const Uuid& user, int limit,
                                                 const std::optional<PageCursor>& after) = 0;
};

}  // namespace nearline
