#pragma once

#include <optional>
#include <string>

#include "domain/rejection.hpp"
#include "stream/record.hpp"

/// What becomes a dead letter in tests, and why.
namespace nearline::stream::testing {

inline ConsumedRecord broken_record() {
    ConsumedRecord record;
    record.key = "customer 7";
    record.value = std::string("\0\xff{", 3);
    record.headers = {{"request-id", "r1"}, {"request-id", "r2"}, {"empty", std::nullopt}};
    record.timestamp = 12345;
    record.at = {"input-topic", 3};
    record.offset = 4711;
    return record;
}

inline const Rejection reason{"json", "NotJson", "expected a value at position 3", 422};

}  // namespace nearline::stream::testing
