#pragma once

#include "stream/record.hpp"

/// A record that its role can't decide yet, moved to the role's retry topic (dead_letter.hpp): it waits there, and the
/// offsets behind it are committed meanwhile.
namespace nearline::stream {

/// Key, value and headers as they came, and behind them nearline.deferred.topic, .partition, .offset and .timestamp:
/// the record's place, which its request id may be made of and its dead letter names.
Record make_deferred(const ConsumedRecord& record);

/// The record as it was in its place; as it is, where it does not say that it was moved.
ConsumedRecord undo_deferral(ConsumedRecord record);

}  // namespace nearline::stream
