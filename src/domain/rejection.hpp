#pragma once

#include <string>

namespace nearline {

/// Why a record can never be processed: what its dead letter says, and what whoever waits for it is told.
struct Rejection {
    std::string stage;       ///< how far it came: frame, schema, json, validation, model, answer, archive, mail
    std::string class_name;  ///< a stable word for the kind of failure, e.g. UnknownSchemaId
    std::string message;     ///< for people: what is wrong and what would be right
    int status = 422;        ///< of the failure answered to whoever waits
    friend bool operator==(const Rejection&, const Rejection&) = default;
};

/// The reason with a message that fits into a header and an answer, whatever its record had in it.
Rejection shortened(Rejection reason);

}  // namespace nearline
