#pragma once

#include <string>

#include "prediction/worker.hpp"
#include "schema/topic_codec.hpp"

namespace nearline::prediction {

/// Makes both topics' schemas known to the registry. Says why it refuses the schema of the answers for good;
/// empty: all is well. Throws Unavailable.
std::string connect_codecs(schema::TopicCodec& input, schema::TopicCodec& output, const Worker::Options& options);

}  // namespace nearline::prediction
