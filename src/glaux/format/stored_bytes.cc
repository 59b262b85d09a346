#include "glaux/format/stored_bytes_internal.h"

#include <algorithm>

namespace glaux {

Result<std::shared_ptr<arrow::Buffer>> StoredBytes::NextPiece() {
  if (inner_ != nullptr) {
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(kPieceBytes / 4));
    ARROW_ASSIGN_OR_RAISE(const int64_t got, inner_->Read(buffer->size(), buffer->mutable_data()));
    ARROW_RETURN_NOT_OK(buffer->Resize(got, /*shrink_to_fit=*/false));
    return buffer;
  }
  const int64_t wanted = std::min(kPieceBytes, end_ - position_);
  auto piece = input_.file->ReadAt(position_, wanted);
  if (!piece.ok()) return Prefix(piece.status(), "read " + input_.name);
  if ((*piece)->size() == 0 && wanted > 0 && end_ != std::numeric_limits<int64_t>::max()) {
    return MakeError(ErrorKind::kCorrupt, "read ", input_.name, ": the file ends at byte ", position_,
                     ", expected data up to byte ", end_);
  }
  return piece;
}

Result<std::string_view> StoredBytes::Peek() {
  if (offset_ == piece_size_) {
    offset_ = 0;
    piece_size_ = 0;
    ARROW_ASSIGN_OR_RAISE(piece_, NextPiece());
    piece_size_ = piece_->size();
  }
  return std::string_view(reinterpret_cast<const char*>(piece_->data()) + offset_,
                          static_cast<size_t>(piece_size_ - offset_));
}

void StoredBytes::Skip(int64_t bytes) {
  offset_ += bytes;
  position_ += bytes;
  if (offset_ == piece_size_) piece_.reset();
}

}  // namespace glaux
