#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

#include "domain/prediction.hpp"
#include "domain/uuid.hpp"

namespace nearline::prediction {

/// Lets a repeat be answered as the request before it was: the same body, asked of the same model, with the same
/// created_at; and tells what has its id but another body. Copies of a request that may be repeated have its id as
/// their key, so that they come through one partition, hence to one worker, as long as partitions stay where they
/// are. Remembers the last `most`. No I/O, no clock; not thread-safe.
class Repeats {
public:
    explicit Repeats(std::size_t most) : most_(most) {}

    /// When this request was answered: before, if it is a repeat, else `now`. Nothing: this id was answered for
    /// another body (where both digests are known), and must not be again.
    std::optional<std::string> created_at(const RequestContext& request, const Uuid& model, const std::string& now);

    std::size_t size() const noexcept { return answers_.size(); }

private:
    struct Answer {
        std::string body_digest;
        Uuid model;
        std::string created_at;
    };
    std::size_t most_;
    std::unordered_map<Uuid, Answer> answers_;
    std::deque<Uuid> oldest_first_;
};

}  // namespace nearline::prediction
