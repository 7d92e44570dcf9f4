// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Whole batches out of force, one slot each
/// @notice A void batch counts as suspended until a second that is written down when it is voided; GOVERN may lift it
/// until then, so that a stolen STATUS account does no lasting harm. From that second on it counts as revoked, and only
/// a vote of the Alliance clears it. A batch that was lifted or cleared may be voided again.
interface IBatchVoids {
    /// @notice What was said about a batch last. One slot.
    struct Void {
        uint40 since; // 0: never voided
        uint40 revokedFrom; // suspended before this second, revoked from it on
        uint40 lifted; // when GOVERN lifted it; 0: not
        uint40 cleared; // when the Alliance cleared it; 0: not
        uint32 institution; // whose operator voided it
        uint32 list;
        uint16 operatorIndex; // of that operator in its institution
        uint8 reason;
    }

    /// @notice The Directory's version `batchesVersion` of CredentialBatches has recorded no such batch, or never acted.
    error BatchVoidsUnknownBatch(uint16 batchesVersion, bytes32 batchId);
    /// @notice The batch's record has another size: the id may be mistyped.
    error BatchVoidsOtherSize(bytes32 batchId, uint32 size);
    /// @notice The batch is void already.
    error BatchVoidsVoidAlready(bytes32 batchId);
    /// @notice The batch is not void.
    error BatchVoidsNotVoid(bytes32 batchId);
    /// @notice The caller is no GOVERN account of the institution that voided the batch, nor of the one that keeps its
    /// list now.
    error BatchVoidsCannotLift(bytes32 batchId, address caller);
    /// @notice The batch counts as revoked since `revokedFrom`: only a vote of the Alliance clears it.
    error BatchVoidsLiftTooLate(bytes32 batchId, uint40 revokedFrom);

    /// @notice A batch left force.
    /// @param batchId The batch.
    /// @param list The status list of its entries.
    /// @param batchesVersion Version of CredentialBatches in the Directory that recorded it.
    /// @param revokedFrom It counts as suspended before this second, as revoked from it on.
    /// @param reason 0 to 3.
    /// @param operator The STATUS account that voided it.
    event BatchVoided(
        bytes32 indexed batchId,
        uint32 indexed list,
        uint16 batchesVersion,
        uint40 revokedFrom,
        uint8 reason,
        address operator
    );
    /// @notice A batch is in force again: GOVERN lifted its voiding.
    /// @param batchId The batch.
    /// @param list The status list of its entries.
    /// @param batchesVersion Version of CredentialBatches in the Directory that recorded it.
    /// @param operator The GOVERN account that did.
    event BatchVoidLifted(bytes32 indexed batchId, uint32 indexed list, uint16 batchesVersion, address operator);
    /// @notice A batch is in force again: the Alliance voted so.
    /// @param batchId The batch.
    /// @param list The status list of its entries.
    /// @param batchesVersion Version of CredentialBatches in the Directory that recorded it.
    /// @param document Hash of what the members voted on.
    event BatchVoidCleared(
        bytes32 indexed batchId, uint32 indexed list, uint16 batchesVersion, bytes32 indexed document
    );

    /// @notice Take a whole batch out of force. STATUS of the institution that keeps its list.
    /// @param batchesVersion Version of CredentialBatches in the Directory that recorded it.
    /// @param id The batch.
    /// @param size Its number of entries, as recorded: a guard against a mistyped id.
    /// @param reason 0 to 3.
    function voidBatch(uint16 batchesVersion, bytes32 id, uint32 size, uint8 reason) external;

    /// @notice Put a voided batch into force again while it counts as suspended. GOVERN of the institution that voided it,
    /// or of the one that keeps its list now.
    /// @param batchesVersion Version of CredentialBatches in the Directory that recorded it.
    /// @param id The batch.
    function liftVoid(uint16 batchesVersion, bytes32 id) external;

    /// @notice Put a voided batch into force again, at any time. Alliance only.
    /// @param batchesVersion Version of CredentialBatches in the Directory that recorded it.
    /// @param id The batch.
    /// @param document Hash of what the members voted on.
    function clearVoid(uint16 batchesVersion, bytes32 id, bytes32 document) external;

    /// @notice What was said about a batch last.
    /// @param batchesVersion Version of CredentialBatches in the Directory that recorded it.
    /// @param id The batch.
    /// @return The slot; zeros where it was never voided.
    function voidOf(uint16 batchesVersion, bytes32 id) external view returns (Void memory);

    /// @notice Whether a batch is out of force now.
    /// @param batchesVersion Version of CredentialBatches in the Directory that recorded it.
    /// @param id The batch.
    /// @return revoked Void, and past the second from which it counts as revoked.
    /// @return suspended Void, and before that second.
    function batchStatusOf(uint16 batchesVersion, bytes32 id) external view returns (bool revoked, bool suspended);
}
