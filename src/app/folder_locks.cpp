#include "app/folder_locks.hpp"

#include <algorithm>

#include "app/places.hpp"

namespace nearline::app {

namespace {

/// One folder has many spellings.
std::filesystem::path normal(const std::string& folder) {
    return std::filesystem::weakly_canonical(std::filesystem::absolute(folder) / "");
}

}  // namespace

DataLock* FolderLocks::hold(const std::string& folder, DataLock::Use use) {
    if (knows(folder)) return nullptr;
    auto& lock = locks_.emplace_back(std::make_unique<DataLock>(folder, program_, use));
    add_known(folder);
    return lock.get();
}

void FolderLocks::hold_file(const std::string& url) {
    const auto file = sqlite_file(url);
    if (!file) return;
    const auto folder = std::filesystem::path(*file).parent_path();
    hold(folder.empty() ? "." : folder.string(), DataLock::Use::shared);
}

void FolderLocks::add_known(const std::string& folder) {
    known_.push_back(normal(folder));
}

bool FolderLocks::knows(const std::string& folder) const {
    return std::find(known_.begin(), known_.end(), normal(folder)) != known_.end();
}

}  // namespace nearline::app
