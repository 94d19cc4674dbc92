#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>

#include "domain/prediction_reader.hpp"

namespace nearline::test {

/// An archive in memory, to the letter of PredictionReader, that can be told to be away, or to take its time.
class ScriptedArchive : public PredictionReader {
public:
    ~ScriptedArchive() override { go_on(); }

    void put(const ArchivedPrediction& prediction);
    void remove(const Uuid& id);

    std::atomic<bool> away{false};  ///< every call throws Unavailable
    void hold();                    ///< from now on calls wait
    void go_on();                   ///< until now
    /// Calls so far, without those that only look whether it answers.
    int asked() const { return asked_; }

    std::optional<ArchivedPrediction> find(const Uuid& id) override;
    std::vector<ArchivedPrediction> list(const Uuid& user, int limit, const std::optional<PageCursor>& after) override;

private:
    void answer();

    std::mutex mutex_;
    std::condition_variable changed_;
    bool held_ = false;
    std::atomic<int> asked_{0};
    std::map<Uuid, ArchivedPrediction> predictions_;
};

/// A prediction as the archive would have it, created so many microseconds into its day.
ArchivedPrediction archived(const Uuid& id, const Uuid& user, int created, const std::string& body = "");
/// The same as a failure.
ArchivedPrediction failed(ArchivedPrediction prediction, int status, const std::string& message);

}  // namespace nearline::test
