#include "prediction/repeats.hpp"

namespace nearline::prediction {

std::optional<std::string> Repeats::created_at(const RequestContext& request, const Uuid& model,
                                               const std::string& now) {
    const auto [place, is_new] = answers_.try_emplace(request.id);
    Answer& answer = place->second;
    const bool comparable = !answer.body_digest.empty() && !request.body_digest.empty();
    if (comparable && answer.body_digest != request.body_digest) return std::nullopt;
    if (!is_new && answer.body_digest == request.body_digest && answer.model == model) return answer.created_at;
    answer = {request.body_digest, model, now};
    if (!is_new) return now;
    oldest_first_.push_back(request.id);
    if (oldest_first_.size() > most_) {
        answers_.erase(oldest_first_.front());
        oldest_first_.pop_front();
    }
    return now;
}

}  // namespace nearline::prediction
