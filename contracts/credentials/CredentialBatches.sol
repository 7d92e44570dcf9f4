// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ICredentialBatches} from "./ICredentialBatches.sol";
import {IDirectory} from "../governance/IDirectory.sol";
import {INamed} from "../governance/INamed.sol";
import {IIssuerRegistry} from "../registry/IIssuerRegistry.sol";
import {IOperators} from "../governance/IOperators.sol";
import {IStatusRegistry} from "./IStatusRegistry.sol";
import {InclusionProof} from "../libraries/InclusionProof.sol";
import {Names} from "../libraries/Names.sol";
import {Roles} from "../libraries/Roles.sol";

/// @title Anchored batches, one slot each
contract CredentialBatches is ICredentialBatches, INamed {
    using SafeCast for uint256;

    uint8 private constant KIND_OWN = 1;
    uint8 private constant KIND_IMPORTED = 2;
    uint8 private constant LEAF_VERSION = 1;
    uint256 private constant LEAF_LENGTH = 142;

    IOperators private immutable _operators;
    IDirectory private immutable _directory;

    mapping(bytes32 => Batch) private _batches;

    constructor(address operators_, address directory_) {
        _operators = IOperators(operators_);
        _directory = IDirectory(directory_);
    }

    /// @inheritdoc INamed
    function directoryName() external pure returns (bytes32) {
        return Names.CREDENTIAL_BATCHES;
    }

    /// @inheritdoc ICredentialBatches
    function anchor(bytes32 root, uint32 size, uint32 list, uint32 first, uint16 scopeIndex, uint8 kind)
        external
        returns (bytes32 id)
    {
        return _anchor(Anchoring(root, size, list, first, scopeIndex, kind));
    }

    /// @inheritdoc ICredentialBatches
    function anchorMany(Anchoring[] calldata anchorings) external returns (bytes32[] memory ids) {
        ids = new bytes32[](anchorings.length);
        for (uint256 i = 0; i < anchorings.length; ++i) {
            Anchoring calldata a = anchorings[i];
            // a call to this very code, so that the failing position can be named
            (bool isDone, bytes memory result) = address(this).delegatecall(
                abi.encodeCall(this.anchor, (a.root, a.size, a.list, a.first, a.scopeIndex, a.kind))
            );
            require(isDone, CredentialBatchesAnchoringFailed(i, result));
            ids[i] = abi.decode(result, (bytes32));
        }
    }

    /// @inheritdoc ICredentialBatches
    function batch(bytes32 id) external view returns (Batch memory) {
        return _batches[id];
    }

    /// @inheritdoc ICredentialBatches
    function extentOf(bytes32 id) external view returns (uint32 list, uint32 size) {
        Batch storage record = _batches[id];
        (list, size) = (record.list, record.size);
    }

    /// @inheritdoc ICredentialBatches
    function batchId(uint8 kind, uint32 issuer, uint32 list, uint32 size, bytes32 root) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), kind, issuer, list, size, root));
    }

    /// @inheritdoc ICredentialBatches
    function contains(bytes32 id, bytes calldata leafInput, uint32 index, bytes32[] calldata path)
        external
        view
        returns (bool)
    {
        Batch memory record = _batches[id];
        if (record.issuer == 0 || leafInput.length != LEAF_LENGTH) return false;
        // docs/protocol.md 2: version u8, kind u8, issuer u32, list u32, ...
        bytes10 expected = bytes10(abi.encodePacked(LEAF_VERSION, record.kind, record.issuer, record.list));
        if (bytes10(leafInput[:10]) != expected) return false;
        (bool isValid, bytes32 root) =
            InclusionProof.rootOf(InclusionProof.leafHash(leafInput), index, record.size, path);
        return isValid && batchId(record.kind, record.issuer, record.list, record.size, root) == id;
    }

    /// @inheritdoc ICredentialBatches
    function operators() external view returns (address) {
        return address(_operators);
    }

    /// @inheritdoc ICredentialBatches
    function directory() external view returns (address) {
        return address(_directory);
    }

    function _anchor(Anchoring memory a) private returns (bytes32 id) {
        (uint32 issuer, uint16 operatorIndex, uint16 roles) = _operators.roleOf(msg.sender);
        id = batchId(a.kind, issuer, a.list, a.size, a.root);
        if (_batches[id].issuer != 0) {
            _requireSame(id, a, operatorIndex);
            return id;
        }

        require(roles & Roles.ISSUE != 0, CredentialBatchesNotIssueOperator(msg.sender));
        require(a.size != 0, CredentialBatchesEmpty());
        require(a.kind == KIND_OWN || a.kind == KIND_IMPORTED, CredentialBatchesUnknownKind(a.kind));
        address current = _directory.current(Names.CREDENTIAL_BATCHES);
        require(current == address(this), CredentialBatchesNotCurrent(current));
        IIssuerRegistry(_directory.current(Names.ISSUER_REGISTRY)).requireInForce(issuer, a.scopeIndex);
        (address statusRegistry, uint16 statusVersion) = _directory.resolve(Names.STATUS_REGISTRY);

        Batch memory record = Batch({
            issuer: issuer,
            operatorIndex: operatorIndex,
            scopeIndex: a.scopeIndex,
            list: a.list,
            size: a.size,
            first: a.first,
            time: block.timestamp.toUint40(),
            blockNumber: block.number.toUint40(),
            kind: a.kind,
            statusVersion: uint256(statusVersion).toUint8()
        });
        _batches[id] = record;
        _tell(id, a.root, record);
        IStatusRegistry(statusRegistry).advance(a.list, issuer, operatorIndex, a.first, a.size);
    }

    function _tell(bytes32 id, bytes32 root, Batch memory b) private {
        emit BatchAnchored(
            id, b.issuer, b.list, root, b.size, msg.sender, b.first, b.scopeIndex, b.kind, b.statusVersion
        );
    }

    /// @dev Whether a recorded batch is the caller's: its range and scope are those given, and its account, or its
    /// list's holder since, is the caller.
    function _requireSame(bytes32 id, Anchoring memory a, uint16 operatorIndex) private view {
        Batch memory record = _batches[id];
        bool isSame = record.first == a.first && record.scopeIndex == a.scopeIndex;
        if (isSame && record.operatorIndex != operatorIndex) {
            address registry = _directory.entry(Names.STATUS_REGISTRY, record.statusVersion).target;
            isSame = IStatusRegistry(registry).listOf(a.list).holder == operatorIndex;
        }
        require(isSame, CredentialBatchesRecorded(id, record.operatorIndex, record.scopeIndex, record.first));
    }
}
