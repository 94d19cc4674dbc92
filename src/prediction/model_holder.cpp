#include "prediction/model_holder.hpp"

#include <filesystem>
#include <sys/stat.h>

#include "runtime/log.hpp"
#include "runtime/thread_name.hpp"

namespace nearline::prediction {
namespace {

constexpr const char* dependency = "model file";

Gauge info_gauge(Metrics& metrics, const ModelInfo& info) {
    return metrics.gauge("nearline_model_info", "The model in use (1), and those that were (0)",
                         {{"name", info.name}, {"version", info.version}, {"model_id", info.id.to_string()}});
}

Counter reloads(Metrics& metrics, const char* result) {
    return metrics.counter("nearline_model_reloads_total", "Changed model files that were taken, or refused",
                           {{"result", result}});
}

long long nanoseconds(const timespec& time) {
    return static_cast<long long>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

ModelHolder::ModelHolder(Options options, Check check, Metrics& metrics, Health& health)
    : options_(std::move(options)), check_(std::move(check)), metrics_(metrics), health_(health) {
    // Before the content: a change between the two is seen by the next look.
    seen_ = identify(options_.file);
    reloads(metrics_, "taken");
    reloads(metrics_, "refused");
    use(load_checked(nullptr));
}

ModelHolder::~ModelHolder() {
    stop();
}

std::shared_ptr<const Model> ModelHolder::current() const {
    const std::scoped_lock lock(mutex_);
    return model_;
}

void ModelHolder::start() {
    watcher_ = std::thread([this] {
        name_this_thread("model-watch");
        while (!stop_.wait_for(options_.look_every)) look();
    });
}

void ModelHolder::stop() noexcept {
    stop_.request();
    if (watcher_.joinable()) watcher_.join();
}

void ModelHolder::look() {
    const std::scoped_lock lock(look_mutex_);
    const auto identity = identify(options_.file);
    if (identity == seen_) return;
    seen_ = identity;
    const auto before = current();
    try {
        auto model = load_checked(before.get());
        if (model->info().id != before->info().id) {
            use(std::move(model));
            info_gauge(metrics_, before->info()).set(0);
            info_gauge(metrics_, current()->info()).set(1);  // both may have the same labels
            reloads(metrics_, "taken").add();
        }
        if (!refused_.empty()) {
            refused_.clear();
            health_.up(dependency);
        }
    } catch (const std::exception& error) {
        refuse(error.what());
    }
}

ModelHolder::Identity ModelHolder::identify(const std::string& file) noexcept {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) return {};
    return {.device = status.st_dev,
            .inode = status.st_ino,
            .size = status.st_size,
            .modified = nanoseconds(status.st_mtim),
            .changed = nanoseconds(status.st_ctim)};
}

std::shared_ptr<const Model> ModelHolder::load_checked(const Model* before) const {
    auto model = Model::load(options_.file);
    const auto& info = model->info();
    if (before != nullptr && info.name != before->info().name) {
        // Another model has topics of its own.
        throw BadModel("model file " + options_.file + ": is the model " + info.name +
                       ", but this service answers for " + before->info().name);
    }
    const auto why = check_ ? check_(info) : std::string();
    if (!why.empty())
        throw BadModel("model file " + options_.file + " (" + info.name + " " + info.version + "): " + why);
    return model;
}

void ModelHolder::use(std::shared_ptr<const Model> model) {
    const auto& info = model->info();
    log::info("using model", {{"name", info.name},
                              {"version", info.version},
                              {"model_type", info.model_type},
                              {"model_id", info.id.to_string()},
                              {"file", options_.file}});
    info_gauge(metrics_, info).set(1);
    const std::scoped_lock lock(mutex_);
    model_ = std::move(model);
}

void ModelHolder::refuse(const std::string& why) {
    refused_ = why;
    const auto old = current();
    log::error("changed model file is not used; the old model goes on",
               {{"reason", why}, {"name", old->info().name}, {"version", old->info().version}});
    // Anybody may read this one, and folders are nobody's business.
    auto shown = why;
    if (const auto at = shown.find(options_.file); at != std::string::npos) {
        shown.replace(at, options_.file.size(), std::filesystem::path(options_.file).filename().string());
    }
    health_.down(dependency, shown + "; version " + old->info().version + " goes on");
    reloads(metrics_, "refused").add();
}

}  // namespace nearline::prediction
