#pragma once

#include <optional>
#include <string_view>

#include "domain/prediction.hpp"
#include "stream/record.hpp"

namespace nearline::stream {

/// What a record's headers say of its request. Headers that are junk count as absent: nothing that
/// reads the answer has to look at them again.
struct RequestHeaders {
    RequestContext context;            ///< its id is made from the record's place when it brought none
    bool has_request_id = false;       ///< it brought an id: somebody may wait for it
    bool bad_reply_partition = false;  ///< it named a partition, but in words that are none
};

/// Reads the headers (header_names.hpp). Without a request-id the id is made of the record's place and
/// time, never of its key: the same record always has the same id, and no two records share one.
RequestHeaders read_request_headers(const ConsumedRecord& record, std::string_view cluster_id);

/// The partition of a topic with so many partitions that the answer goes to, if its request names one
/// that exists; else the key decides.
std::optional<int> reply_partition(const RequestContext& context, int partitions) noexcept;

}  // namespace nearline::stream
