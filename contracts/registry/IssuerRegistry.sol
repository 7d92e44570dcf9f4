// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Governed} from "../governance/Governed.sol";
import {INamed} from "../governance/INamed.sol";
import {IOperators} from "../governance/IOperators.sol";
import {IIssuerRegistry} from "./IIssuerRegistry.sol";
import {Issuers} from "./Issuers.sol";
import {Scopes} from "./Scopes.sol";
import {Names} from "../libraries/Names.sol";
import {Texts} from "../libraries/Texts.sol";

/// @title Issuers: their registration, names and admissions
contract IssuerRegistry is Scopes, INamed {
    using SafeCast for uint256;

    IOperators private immutable _operators;

    mapping(bytes32 => uint32) private _foldedNames;

    constructor(address alliance_, address operators_, address directory_, address predecessor_)
        Governed(alliance_)
        Issuers(directory_, predecessor_)
    {
        _operators = IOperators(operators_);
    }

    /// @inheritdoc INamed
    function directoryName() external pure returns (bytes32) {
        return Names.ISSUER_REGISTRY;
    }

    /// @inheritdoc IIssuerRegistry
    function register(uint32 institution, string calldata name, bytes32 foldedNameHash)
        external
        onlyAlliance
        whileCurrent
    {
        require(_operators.institutionOf(institution).createdAt != 0, IssuerRegistryUnknownInstitution(institution));
        _requireState(institution, IssuerState.None);
        _setState(institution, IssuerState.Applied);
        _setName(institution, name, foldedNameHash);
        emit IssuerRegistered(institution, keccak256(bytes(name)), name);
    }

    /// @inheritdoc IIssuerRegistry
    function rename(uint32 institution, string calldata name, bytes32 foldedNameHash)
        external
        onlyAlliance
        whileCurrent
    {
        _requireRegistered(institution);
        _setName(institution, name, foldedNameHash);
        emit IssuerRenamed(institution, keccak256(bytes(name)), name);
    }

    /// @inheritdoc IIssuerRegistry
    function admit(uint32 institution, Terms[] calldata scopes_, bytes32 document)
        external
        onlyAlliance
        whileCurrent
    {
        (IssuerState state,,) = _standing(institution);
        require(
            state == IssuerState.Applied || state == IssuerState.Withdrawn, IssuerRegistryWrongState(institution, state)
        );
        _admit(institution, scopes_, Parent(0, 0, 0), document);
    }

    /// @inheritdoc IIssuerRegistry
    function admitUnder(uint32 institution, Terms[] calldata scopes_, Parent calldata parent, bytes32 document)
        external
        onlyAccreditation
        whileCurrent
    {
        // whom the Alliance withdrew comes back by its vote alone
        _requireState(institution, IssuerState.Applied);
        require(parent.institution != 0, IssuerRegistryNoParent(institution, 0));
        _admit(institution, scopes_, parent, document);
    }

    /// @inheritdoc IIssuerRegistry
    function suspend(uint32 institution, bytes32 document) external onlyAlliance whileCurrent {
        _requireState(institution, IssuerState.Recognised);
        _setState(institution, IssuerState.Suspended);
        emit IssuerSuspended(institution, document);
    }

    /// @inheritdoc IIssuerRegistry
    function reinstate(uint32 institution, bytes32 document) external onlyAlliance whileCurrent {
        _requireState(institution, IssuerState.Suspended);
        _setState(institution, IssuerState.Recognised);
        emit IssuerReinstated(institution, document);
    }

    /// @inheritdoc IIssuerRegistry
    function withdraw(uint32 institution, bytes32 document) external onlyAlliance whileCurrent {
        (IssuerState state,,) = _standing(institution);
        require(
            state != IssuerState.None && state != IssuerState.Withdrawn, IssuerRegistryWrongState(institution, state)
        );
        _setState(institution, IssuerState.Withdrawn);
        emit IssuerWithdrawn(institution, document);
    }

    /// @inheritdoc IIssuerRegistry
    function institutionOfName(bytes32 foldedNameHash) public view returns (uint32 owner) {
        owner = _foldedNames[foldedNameHash];
        if (owner == 0 && _hasPredecessor()) return IIssuerRegistry(predecessor()).institutionOfName(foldedNameHash);
    }

    /// @inheritdoc IIssuerRegistry
    function operators() external view returns (address) {
        return address(_operators);
    }

    function _admit(uint32 institution, Terms[] calldata scopes_, Parent memory parent, bytes32 document) private {
        require(scopes_.length > 0, IssuerRegistryNoScope(institution));
        _setState(institution, IssuerState.Recognised);
        Issuer storage record = _carried(institution);
        if (record.firstRecognised == 0) record.firstRecognised = block.timestamp.toUint40();
        record.accreditor = parent.institution;
        ++record.admission;
        emit IssuerRecognised(institution, record.admission, parent.institution, document);
        for (uint256 i = 0; i < scopes_.length; ++i) {
            _addScope(institution, scopes_[i], parent, i, document);
        }
    }

    function _setName(uint32 institution, string calldata name, bytes32 foldedNameHash) private {
        require(Texts.isPlain(name), IssuerRegistryNameMalformed(name));
        uint32 owner = institutionOfName(foldedNameHash);
        require(owner == 0 || owner == institution, IssuerRegistryNameTaken(foldedNameHash, owner));
        _foldedNames[foldedNameHash] = institution;
        Issuer storage record = _carried(institution);
        record.nameHash = keccak256(bytes(name));
        ++record.names;
        emit NameReserved(institution, foldedNameHash, name);
    }

    function _requireRegistered(uint32 institution) private view {
        (IssuerState state,,) = _standing(institution);
        require(state != IssuerState.None, IssuerRegistryWrongState(institution, state));
    }

    function _accounts() internal view override returns (IOperators) {
        return _operators;
    }
}
