// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Acceptances} from "./Acceptances.sol";
import {Freezes} from "./Freezes.sol";
import {IAlliance} from "./IAlliance.sol";
import {IControllers} from "./IControllers.sol";
import {Names} from "../libraries/Names.sol";
import {Roles} from "../libraries/Roles.sol";

/// @title Who controls an institution: asked for, waited for, cancelled, applied
abstract contract ControllerSets is Acceptances, Freezes {
    using SafeCast for uint256;

    mapping(uint32 => mapping(Asker => Replacement)) private _replacements;

    /// @inheritdoc IControllers
    function createInstitution(uint32 expected, Controllers calldata set, Acceptance[] calldata acceptances)
        external
        onlyAlliance
    {
        _requireNumber(expected);
        _requireConsents(expected, set, acceptances);
        _replace(_create(), set, Allowance.Reserve);
    }

    /// @inheritdoc IControllers
    function replaceControllers(uint32 institution, Controllers calldata set, Acceptance[] calldata acceptances)
        external
        onlySealed
    {
        _requireInstitution(institution);
        if (msg.sender == alliance()) {
            _requireConsents(institution, set, acceptances);
            _replace(institution, set, Allowance.Reserve);
            return;
        }
        uint16 kind = _requireKind(institution);
        require(kind != Roles.GOVERN, ControllersNotController(institution, msg.sender));
        if (kind == Roles.ADMIN) _requireThawed(msg.sender);
        _requireConsents(institution, set, acceptances);
        _wait(institution, kind == Roles.ADMIN ? Asker.Admin : Asker.Recovery, kind, set);
    }

    /// @inheritdoc IControllers
    function replaceTogether(uint32 institution, Controllers calldata set, Acceptance[] calldata acceptances)
        external
        onlySealed
    {
        uint16 kind = _requireKind(institution);
        _requireConsents(institution, set, acceptances);
        uint16 others = kind == Roles.GOVERN ? Roles.ADMIN | RECOVERS : Roles.GOVERN;
        address first = _second(institution, keccak256(abi.encode(set)), others);
        if (first == address(0)) return;
        if (kind == Roles.GOVERN) kind = _kindOf(institution, first);
        _wait(institution, Asker.Together, kind, set);
    }

    /// @inheritdoc IControllers
    function applyControllers(uint32 institution, Controllers calldata set) external {
        Asker asker = _ripe(institution, keccak256(abi.encode(set)));
        Allowance allowance = Allowance.Free;
        if (asker == Asker.Admin) allowance = Allowance.Budget;
        if (asker == Asker.Recovery) allowance = Allowance.Reserve;
        _replace(institution, set, allowance);
    }

    /// @inheritdoc IControllers
    function cancelControllers(uint32 institution, Asker asker) external {
        uint16 kind = _requireKind(institution);
        Replacement memory waiting = replacement(institution, asker);
        require(waiting.setHash != 0, ControllersNoReplacement(institution));
        address first = address(0);
        if (asker == Asker.Together || kind != Roles.GOVERN) {
            first = _second(institution, keccak256(abi.encode(asker, waiting)), ANY);
            if (first == address(0)) return;
        }
        delete _replacements[institution][asker];
        emit ControllersCancelled(institution, msg.sender, first, asker, waiting.setHash);
    }

    /// @inheritdoc IControllers
    function markRecoveryCompromised(uint40 since, address next, Acceptance calldata acceptance) external onlySealed {
        (uint32 institution,,) = roleOf(msg.sender);
        _requireGovern(institution);
        address former = recoveryOf(institution);
        uint40 latest = block.timestamp.toUint40();
        uint40 earliest = latest - LONGEST_BACK;
        require(since >= earliest && since <= latest, OperatorsSinceOutOfBounds(since, earliest, latest));
        _requireConsent(next, institution, RECOVERY, acceptance.deadline, acceptance.signature);
        address first = _second(institution, keccak256(abi.encode(former, since, next)), Roles.GOVERN);
        if (first == address(0)) return;
        _dropAll(institution);
        emit RecoveryMarkedCompromised(institution, former, since, first, msg.sender);
        _setRecovery(institution, next);
        _mark(former, since);
    }

    /// @inheritdoc IControllers
    function replacement(uint32 institution, Asker asker) public view returns (Replacement memory) {
        return _replacements[institution][asker];
    }

    function _requireNumber(uint32 expected) internal view {
        uint32 next = institutionCount() + 1;
        require(expected == next, OperatorsUnexpectedNumber(expected, next));
    }

    function _requireInstitution(uint32 institution) internal view {
        require(institutionOf(institution).createdAt != 0, OperatorsUnknownInstitution(institution));
    }

    function _dropAll(uint32 institution) internal {
        _drop(institution, Asker.Admin);
        _drop(institution, Asker.Recovery);
        _drop(institution, Asker.Together);
    }

    function _drop(uint32 institution, Asker asker) internal {
        Replacement memory waiting = _replacements[institution][asker];
        if (waiting.setHash == 0) return;
        delete _replacements[institution][asker];
        emit ControllersDropped(institution, asker, waiting.setHash, waiting.effectiveFrom, msg.sender);
    }

    /// @dev Accounts that stay keep their entry; those that go are retired before others are added.
    function _replace(uint32 institution, Controllers memory set, Allowance allowance) internal {
        _dropAll(institution);
        Controllers memory former = controllers(institution);
        _retireAbsent(former.govern, set.govern);
        _retireAbsent(former.admin, set.admin);
        _setRecovery(institution, set.recovery);
        _addMissing(institution, set.govern, Roles.GOVERN, allowance);
        _addMissing(institution, set.admin, Roles.ADMIN, allowance);
        Controllers memory present = controllers(institution);
        require(
            present.govern.length == set.govern.length && present.admin.length == set.admin.length,
            ControllersDuplicate(institution)
        );
        emit ControllersReplaced(institution, former, set, msg.sender);
    }

    function _wait(uint32 institution, Asker asker, uint16 kind, Controllers calldata set) private {
        _drop(institution, asker);
        bytes32 period = kind == Roles.ADMIN ? Names.CONTROLLER_DELAY : Names.RECOVERY_DELAY;
        uint40 effectiveFrom = (block.timestamp + IAlliance(alliance()).parameter(period)).toUint40();
        uint40 until = effectiveFrom + PATIENCE;
        bytes32 setHash = keccak256(abi.encode(set));
        _replacements[institution][asker] = Replacement(setHash, effectiveFrom, until, msg.sender);
        emit ControllersRequested(institution, msg.sender, asker, set, setHash, effectiveFrom, until);
    }

    /// @dev Which request for this set may take effect now. Reverts with what keeps the last of them from it.
    function _ripe(uint32 institution, bytes32 setHash) private view returns (Asker asker) {
        Replacement memory found = Replacement(0, 0, 0, address(0)); // so far none
        for (uint8 i = 0; i <= uint8(type(Asker).max); ++i) {
            asker = Asker(i);
            Replacement memory waiting = _replacements[institution][asker];
            if (waiting.setHash != setHash) continue;
            found = waiting;
            bool isDue = block.timestamp >= waiting.effectiveFrom && block.timestamp <= waiting.until;
            if (isDue && !(asker == Asker.Admin && isFrozen(waiting.requester))) return asker;
        }
        require(found.setHash != 0, ControllersNoReplacement(institution));
        require(
            block.timestamp >= found.effectiveFrom, ControllersReplacementWaits(institution, found.effectiveFrom)
        );
        require(block.timestamp <= found.until, ControllersReplacementLapsed(institution, found.until));
        revert ControllersFrozen(found.requester, freezeOf(found.requester).until);
    }

    function _retireAbsent(address[] memory present, address[] memory wanted) private {
        for (uint256 i = 0; i < present.length; ++i) {
            bool isWanted = false;
            for (uint256 j = 0; j < wanted.length && !isWanted; ++j) {
                isWanted = present[i] == wanted[j];
            }
            if (!isWanted) _retire(present[i]);
        }
    }

    function _addMissing(uint32 institution, address[] memory wanted, uint16 role, Allowance allowance) private {
        for (uint256 i = 0; i < wanted.length; ++i) {
            if (!hasRole(wanted[i], institution, role)) _add(institution, wanted[i], role, allowance);
        }
    }
}
