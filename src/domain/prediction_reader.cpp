#include "domain/prediction_reader.hpp"

namespace nearline {

std::size_t size_in_bytes(const ArchivedPrediction& archived) noexcept {
    const auto& prediction = archived.prediction;
    std::size_t size = sizeof(archived) + archived.body_digest.size() + prediction.model_id.size() +
                       prediction.model_type.size() + prediction.created_at.size() + prediction.message.size();
    if (prediction.prediction) size += prediction.prediction->size();
    for (const auto& feature : prediction.features) size += sizeof(feature) + feature.name.size();
    return size;
}

}  // namespace nearline
