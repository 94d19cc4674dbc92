#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/prediction.hpp"
#include "domain/rejection.hpp"
#include "prediction/model.hpp"
#include "stream/record.hpp"

/// What a record is answered. Pure: no I/O, no clock; created_at is a parameter.
namespace nearline::prediction {

/// Takes a model's features out of documents, in the order of the input topic's schema.
class FeatureReader {
public:
    explicit FeatureReader(std::vector<std::string> names) : names_(std::move(names)) {}

    /// The features, all of them finite as float32, or why the document has not got them: it conformed to
    /// the schema that its record names, which may be an older or newer one than ours.
    std::variant<Features, Rejection> read(const boost::json::value& document) const;

    /// What can be known of a record that was rejected, for the failure that tells about it: the features
    /// that its value has as numbers, the others without a value.
    Features as_far_as_known(const std::optional<std::string>& value) const;

    const std::vector<std::string>& names() const noexcept { return names_; }

private:
    std::vector<std::string> names_;
};

/// Where each of a model's features is among `names`. Precondition: the model fits (model_fit.hpp).
std::vector<std::size_t> columns_of(const ModelInfo& model, const std::vector<std::string>& names);

/// Adds the features as a row of a model's input. Precondition: all have a value.
void append_row(std::vector<float>& rows, const Features& features, const std::vector<std::size_t>& columns);

Prediction make_prediction(Features features, const ModelInfo& model, std::string_view label, std::string created_at);
Prediction make_failure(Features features, const Rejection& reason, std::string created_at);

/// The record that carries an answer, framed in `value`: the key of its request, and its headers as far
/// as they make sense, with the request id always.
stream::Record make_answer_record(const std::optional<std::string>& key, const RequestContext& context,
                                  std::string value);

}  // namespace nearline::prediction
