#pragma once

#include <memory>
#include <string>

#include "archive/archive_store.hpp"

/// The archive in one SQLite file; for this room alone.
namespace nearline::archive {

std::unique_ptr<ArchiveStore> make_sqlite_archive(const std::string& file, Retention keep);

/// Opens the file when it is first asked; until the archive has made it, it throws Unavailable.
std::unique_ptr<PredictionReader> make_sqlite_reader(const std::string& file, Retention keep);

}  // namespace nearline::archive
