#pragma once

#include <cstddef>

#include "domain/uuid.hpp"
#include "gateway/answer.hpp"
#include "gateway/lru.hpp"

namespace nearline::gateway {

/// The answers that this gateway saw last, for GET /predictions/{id} and for repeats with an
/// Idempotency-Key, bounded by number and bytes; the one not asked for the longest time goes first. A
/// prediction replaces a failure, otherwise the first answer stays. Not thread-safe.
class AnswerKeep {
public:
    AnswerKeep(std::size_t max_answers, std::size_t max_bytes) : max_answers_(max_answers), max_bytes_(max_bytes) {}

    void put(const AnswerPtr& answer);
    /// Null if it is not here (any more).
    AnswerPtr find(const Uuid& id);

    std::size_t size() const noexcept { return answers_.size(); }
    std::size_t bytes() const noexcept { return bytes_; }

private:
    std::size_t max_answers_;
    std::size_t max_bytes_;
    std::size_t bytes_ = 0;
    Lru<Uuid, AnswerPtr> answers_;
};

}  // namespace nearline::gateway
