// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Where batches of credentials are anchored
/// @notice A batch is not its root: its id binds chain, contract, kind, issuer, list, size and root. A record is evidence
/// that its issuer was recognised, in that scope, at that time; once written it never changes.
interface ICredentialBatches {
    /// @notice A batch's record. One slot.
    struct Batch {
        uint32 issuer; // 0: no such batch
        uint16 operatorIndex;
        uint16 scopeIndex;
        uint32 list;
        uint32 size;
        uint32 first; // counter of its first entry
        uint40 time;
        uint40 blockNumber;
        uint8 kind; // 1 own credentials, 2 an imported register
        uint8 statusVersion; // version of StatusRegistry in the Directory that holds the list
    }

    /// @notice A batch as it is handed in.
    struct Anchoring {
        bytes32 root;
        uint32 size;
        uint32 list;
        uint32 first;
        uint16 scopeIndex;
        uint8 kind;
    }

    /// @notice The caller is no ISSUE operator of any institution.
    error CredentialBatchesNotIssueOperator(address caller);
    /// @notice A batch has at least one entry.
    error CredentialBatchesEmpty();
    /// @notice There are two kinds of batches.
    error CredentialBatchesUnknownKind(uint8 kind);
    /// @notice The batch is recorded already, with another range or scope, or by an account that is not the caller's and
    /// does not hold the list.
    error CredentialBatchesRecorded(bytes32 batchId, uint16 operatorIndex, uint16 scopeIndex, uint32 first);
    /// @notice The Directory names another contract: this one anchors no more.
    error CredentialBatchesNotCurrent(address current);
    /// @notice The anchoring at `position` reverted with `reason`; none was made.
    error CredentialBatchesAnchoringFailed(uint256 position, bytes reason);

    /// @notice A batch was recorded. What its id binds and its record holds, so that both can be computed again.
    /// @param batchId Its id.
    /// @param issuer The institution that anchored it.
    /// @param list The status list of its entries.
    /// @param root Of its tree.
    /// @param size How many entries it has.
    /// @param operator The ISSUE account that anchored it.
    /// @param first Counter of its first entry.
    /// @param scopeIndex The issuer's scope that it falls under.
    /// @param kind 1 own credentials, 2 an imported register.
    /// @param statusVersion Version of StatusRegistry in the Directory that holds the list.
    event BatchAnchored(
        bytes32 indexed batchId,
        uint32 indexed issuer,
        uint32 indexed list,
        bytes32 root,
        uint32 size,
        address operator,
        uint32 first,
        uint16 scopeIndex,
        uint8 kind,
        uint8 statusVersion
    );

    /// @notice Anchor a batch for the caller's institution. One that is recorded with this range and scope, by this
    /// account or in a list that it holds now, returns at once, before any other check and without an event, so that a
    /// retry is safe; one recorded otherwise is refused with its facts. What is not recorded needs: ISSUE, a recognised
    /// institution, its scope in force, a list that the caller holds, with room and its counter at `first`, and that the
    /// Directory names this contract.
    /// @param root Of the batch's tree.
    /// @param size How many entries it has.
    /// @param list The status list that they take their counters of.
    /// @param first Counter of the first entry: the list's next.
    /// @param scopeIndex The issuer's scope that they fall under, from 1.
    /// @param kind 1 own credentials, 2 an imported register.
    /// @return id The batch.
    function anchor(bytes32 root, uint32 size, uint32 list, uint32 first, uint16 scopeIndex, uint8 kind)
        external
        returns (bytes32 id);

    /// @notice Anchor several, all or none.
    /// @param anchorings Each as `anchor` takes it, in order.
    /// @return ids The batches, in the same order.
    function anchorMany(Anchoring[] calldata anchorings) external returns (bytes32[] memory ids);

    /// @notice A batch's record.
    /// @param id The batch.
    /// @return The slot; zeros where there is no such batch.
    function batch(bytes32 id) external view returns (Batch memory);

    /// @notice The status list of a batch's entries, and how many they are: what its voiding needs of its record.
    /// @param id The batch.
    /// @return list The list.
    /// @return size The number of entries; 0: no such batch.
    function extentOf(bytes32 id) external view returns (uint32 list, uint32 size);

    /// @notice keccak256(abi.encode(chain id, this contract, kind, issuer, list, size, root)).
    /// @param kind 1 own credentials, 2 an imported register.
    /// @param issuer The institution that anchors it.
    /// @param list The status list of its entries.
    /// @param size How many they are.
    /// @param root Of its tree.
    /// @return The id, whether recorded or not.
    function batchId(uint8 kind, uint32 issuer, uint32 list, uint32 size, bytes32 root) external view returns (bytes32);

    /// @notice Whether a leaf stands at `index` of an anchored batch. The leaf's version, kind, issuer and list must be
    /// the record's; the root follows from the path, and the id from the root.
    /// @param id The batch.
    /// @param leafInput The credential's leaf, 142 bytes.
    /// @param index Where it is said to stand, from 0.
    /// @param path Its inclusion proof, from the leaf's sibling upwards.
    /// @return False also where there is no such batch.
    function contains(bytes32 id, bytes calldata leafInput, uint32 index, bytes32[] calldata path)
        external
        view
        returns (bool);

    /// @notice The contract that says who acts for which institution.
    /// @return Its address.
    function operators() external view returns (address);

    /// @notice The Directory that names the contracts which are asked.
    /// @return Its address.
    function directory() external view returns (address);
}
