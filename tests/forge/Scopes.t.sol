// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {INamed} from "../../contracts/governance/INamed.sol";
import {IIssuerRegistry} from "../../contracts/registry/IIssuerRegistry.sol";
import {IScopes} from "../../contracts/registry/IScopes.sol";
import {Suite} from "./Suite.sol";

/// @dev Bears the name Accreditation in the Directory; the tests act by its address.
contract Accreditation is INamed {
    function directoryName() external pure returns (bytes32) {
        return "Accreditation";
    }
}

/// @title What the Alliance and accreditors do to four institutions and their scopes, in any order
contract ScopeActor is Suite {
    uint32 public constant INSTITUTIONS = 4;

    address private immutable _accreditation;
    bool public hasAnchoredDead;
    bool public hasExceeded;

    constructor() {
        deploy(INSTITUTIONS);
        Accreditation contract_ = new Accreditation();
        _accreditation = address(contract_);
        vm.prank(address(alliance));
        directory.set("Accreditation", _accreditation, 1);
        vm.warp(block.timestamp + DIRECTORY_DELAY);
        for (uint32 i = 1; i <= INSTITUTIONS; ++i) admit(i);
    }

    function changeState(uint32 institution, uint8 change) external {
        uint32 who = _who(institution);
        vm.prank(address(alliance));
        if (change % 4 == 0) try registry.suspend(who, 0) {} catch {}
        else if (change % 4 == 1) try registry.reinstate(who, 0) {} catch {}
        else if (change % 4 == 2) try registry.withdraw(who, 0) {} catch {}
        else {
            IScopes.Terms[] memory terms = new IScopes.Terms[](1);
            terms[0] = IScopes.Terms(1, 0, 1, 9, 0, START, 0);
            try registry.admit(who, terms, 0) {} catch {}
        }
    }

    function give(uint32 child, uint32 parent, uint16 above, uint8 low, uint8 high, uint16 region, uint32 kind) external {
        (uint32 to, uint32 by) = (_who(child), _who(parent));
        uint16 below = uint16(1 + above % (registry.issuer(by).scopes + 1));
        IScopes.Terms memory terms = IScopes.Terms(1, kind % 3, low % 10, high % 10, region % 3, START, 0);
        vm.prank(_accreditation);
        try registry.addScopeUnder(to, terms, IScopes.Parent(by, below, 3), 0) {
            IScopes.Scope memory higher = registry.scope(by, below);
            if (
                terms.lowestRank < higher.lowestRank || terms.highestRank > higher.highestRank
                    || (higher.region != 0 && higher.region != terms.region)
                    || (higher.qualificationType != 0 && higher.qualificationType != terms.qualificationType)
            ) hasExceeded = true;
        } catch {}
    }

    function suspendOrLift(uint32 institution, uint16 index, bool isLift) external {
        uint32 who = _who(institution);
        vm.prank(address(alliance));
        if (isLift) try registry.liftScope(who, _index(who, index), 0) {} catch {}
        else try registry.suspendScope(who, _index(who, index), 0) {} catch {}
    }

    /// @dev Asks as an anchoring does, and notes a yes for a chain that is not alive in every link.
    function anchor(uint32 institution, uint16 index) external {
        uint32 who = _who(institution);
        uint16 at = _index(who, index);
        try registry.requireInForce(who, at) {
            if (!_isAlive(who, at)) hasAnchoredDead = true;
        } catch {}
    }

    function _isAlive(uint32 who, uint16 at) private view returns (bool) {
        while (who != 0) {
            IScopes.Scope memory link = registry.scope(who, at);
            IIssuerRegistry.Issuer memory holder = registry.issuer(who);
            if (holder.state != IIssuerRegistry.IssuerState.Recognised || link.admission != holder.admission) return false;
            if (link.suspension != IScopes.Suspension.None || link.depth > 4) return false;
            (who, at) = (link.parentInstitution, link.parentScope);
        }
        return true;
    }

    function _who(uint32 seed) private pure returns (uint32) {
        return 1 + seed % INSTITUTIONS;
    }

    function _index(uint32 who, uint16 seed) private view returns (uint16) {
        return 1 + seed % registry.issuer(who).scopes;
    }
}

contract ScopesTest is Suite {
    ScopeActor private _actor;

    function setUp() public {
        _actor = new ScopeActor();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_actor);
    }

    function invariant_noDeadScopeAnchors() public view {
        require(!_actor.hasAnchoredDead(), "a dead scope anchors");
    }

    function invariant_aChildNeverExceedsItsParent() public view {
        require(!_actor.hasExceeded(), "a child exceeds its parent");
    }
}
