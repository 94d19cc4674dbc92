#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "prediction/model.hpp"
#include "runtime/health.hpp"
#include "runtime/metrics.hpp"
#include "runtime/stop.hpp"

namespace nearline::prediction {

/// The model in use, taken anew from its file when the file changes. A changed file is checked before it
/// is used; a bad one leaves the old model in use and is named in the log, in /readyz and in a metric.
///
/// It looks at the file's identity (device, inode, size, times) once a second, on a thread of its own:
/// that also sees what inotify does not, a path whose links change above the file (Kubernetes mounts
/// ConfigMaps so) and a file on a network.
class ModelHolder {
public:
    struct Options {
        std::string file;
        std::chrono::milliseconds look_every{1'000};
    };
    /// Says why a model can't be used for these topics; empty: it can.
    using Check = std::function<std::string(const ModelInfo&)>;

    /// Loads the file; throws BadModel with the reason when it is none or the check refuses it. `metrics`
    /// and `health` must outlive it.
    ModelHolder(Options options, Check check, Metrics& metrics, Health& health);
    ~ModelHolder();
    ModelHolder(const ModelHolder&) = delete;
    ModelHolder& operator=(const ModelHolder&) = delete;

    /// The model in use. What is asked of it stays with it, whatever the file does: hold the pointer for a
    /// batch. Thread-safe, cheap.
    std::shared_ptr<const Model> current() const;

    /// Starts to watch the file.
    void start();
    void stop() noexcept;

    /// Looks at the file now: takes it if it has changed and is good. Thread-safe.
    void look();

private:
    /// What tells one content of the file from the next without reading it.
    struct Identity {
        unsigned long long device = 0;
        unsigned long long inode = 0;
        long long size = -1;
        long long modified = 0;  // nanoseconds
        long long changed = 0;   // nanoseconds
        friend bool operator==(const Identity&, const Identity&) = default;
    };
    static Identity identify(const std::string& file) noexcept;

    std::shared_ptr<const Model> load_checked(const Model* before) const;
    void use(std::shared_ptr<const Model> model);
    void refuse(const std::string& why);

    const Options options_;
    const Check check_;
    Metrics& metrics_;
    Health& health_;
    std::mutex look_mutex_;  // one look at a time; guards what follows
    Identity seen_;
    std::string refused_;  // the reason given last; empty: none
    mutable std::mutex mutex_;
    std::shared_ptr<const Model> model_;
    StopToken stop_;
    std::thread watcher_;
};

}  // namespace nearline::prediction
