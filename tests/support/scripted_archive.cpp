#include "support/scripted_archive.hpp"

#include <algorithm>
#include <tuple>

#include "domain/problem.hpp"

namespace nearline::test {

void ScriptedArchive::put(const ArchivedPrediction& prediction) {
    const std::lock_guard lock(mutex_);
    predictions_[prediction.id] = prediction;
}

void ScriptedArchive::remove(const Uuid& id) {
    const std::lock_guard lock(mutex_);
    predictions_.erase(id);
}

void ScriptedArchive::hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
}

void ScriptedArchive::go_on() {
    {
        const std::lock_guard lock(mutex_);
        held_ = false;
    }
    changed_.notify_all();
}

void ScriptedArchive::answer() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !held_; });
    if (away) throw Unavailable("the scripted archive is away");
}

std::optional<ArchivedPrediction> ScriptedArchive::find(const Uuid& id) {
    if (id != Uuid()) ++asked_;
    answer();
    const std::lock_guard lock(mutex_);
    const auto found = predictions_.find(id);
    if (found == predictions_.end()) return {};
    return found->second;
}

std::vector<ArchivedPrediction> ScriptedArchive::list(const Uuid& user, int limit,
                                                      const std::optional<PageCursor>& after) {
    ++asked_;
    answer();
    const auto place = [](const std::string& created_at, const Uuid& id) {
        return std::pair(created_at, id.to_string());
    };
    std::vector<ArchivedPrediction> found;
    const std::lock_guard lock(mutex_);
    for (const auto& [id, item] : predictions_) {
        if (item.user != user || item.prediction.status != 200) continue;
        if (after && place(item.prediction.created_at, id) >= place(after->created_at, after->id)) continue;
        found.push_back(item);
    }
    std::sort(found.begin(), found.end(), [&](const auto& a, const auto& b) {
        return place(a.prediction.created_at, a.id) > place(b.prediction.created_at, b.id);
    });
    found.resize(std::min(found.size(), static_cast<std::size_t>(limit)));
    return found;
}

ArchivedPrediction archived(const Uuid& id, const Uuid& user, int created, const std::string& body) {
    ArchivedPrediction made;
    made.id = id;
    made.user = user;
    if (!body.empty()) made.body_digest = sha256_hex(body);
    made.prediction.features = {
        {"sepal_length", 5.2}, {"sepal_width", 3.6}, {"petal_length", 1.5}, {"petal_width", 0.3}};
    made.prediction.model_id = "afe4e043-4d09-4bf9-9fe8-a6d030441221";
    made.prediction.prediction = "setosa";
    made.prediction.model_type = "LogisticRegressionModel";
    made.prediction.created_at =
        to_created_at(WallTime(std::chrono::hours(24) * 19'355) + std::chrono::microseconds(created));
    made.prediction.message = "Success";
    return made;
}

ArchivedPrediction failed(ArchivedPrediction prediction, int status, const std::string& message) {
    prediction.prediction.status = status;
    prediction.prediction.prediction.reset();
    prediction.prediction.message = message;
    return prediction;
}

}  // namespace nearline::test
