#pragma once

#include "stream/embedded/engine.hpp"

/// What all that write do before a record goes to the writer.
namespace nearline::stream::embedded {

/// With a reason if the record can't be taken by this topic (nothing: there is none of the name), at any time.
Delivery refuse_always(const Engine& engine, const std::string& topic, const Topic* found, std::optional<int> partition,
                       const Record& record);

/// Gives a record without a time that of now, and finds its partition; less than 0: any.
int complete(const Topic& topic, std::optional<int> partition, Record& record);

}  // namespace nearline::stream::embedded
